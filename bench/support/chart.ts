import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TopLevelSpec } from 'vega-lite';

const FONT = 'Helvetica, Arial, sans-serif';
/** The color of this adapter, and those of its peers. */
const OURS = '#0b7a75';
const OTHERS = ['#9aa5b1', '#c08a3e', '#7d6fb0', '#b05a6f'] as const;

interface Chart {
  /** Part of the file's name: docs/images/bench-ID.svg. */
  id: string;
  title: string;
  /** How it was measured. */
  subtitle: string;
}

/** A bar for each contender. */
export interface Bars extends Chart {
  /** The label of the axis, with the unit. */
  axis: string;
  bars: { name: string; isOurs: boolean; value: number; /** Next to the bar. */ label: string }[];
}

/** Draws a bar chart into docs/images. */
export async function drawBars({ axis, bars, ...chart }: Bars): Promise<void> {
  const y = { field: 'name', type: 'nominal', sort: null, axis: { title: null, labelLimit: 0 } } as const;
  const x = { field: 'value', type: 'quantitative', axis: { title: axis, grid: false } } as const;
  await draw(chart, {
    data: { values: bars.map((bar) => ({ ...bar, color: bar.isOurs ? OURS : OTHERS[0] })) },
    width: 460,
    height: { step: 30 },
    layer: [
      {
        mark: { type: 'bar', height: 18 },
        encoding: { x, y, color: { field: 'color', type: 'nominal', scale: null } },
      },
      {
        mark: { type: 'text', align: 'left', dx: 5, fontSize: 12 },
        encoding: { x, y, text: { field: 'label', type: 'nominal' } },
      },
    ],
  });
}

/** A point of a line. */
export interface Point {
  name: string;
  x: number;
  y: number;
  /** Next to the point. */
  label?: string;
}

/** A line for each contender, over a growing number. */
export interface Lines extends Chart {
  x: string;
  y: string;
  scale: 'log' | 'linear';
  /** The ticks of the axes; on a linear axis, Vega chooses them. */
  ticks?: { x: number[]; y: number[] };
  /** Ordered by line. The first line is this adapter's. */
  points: Point[];
}

/** Draws a line chart into docs/images. */
export async function drawLines({ x, y, scale, ticks, points, ...chart }: Lines): Promise<void> {
  const names = [...new Set(points.map(({ name }) => name))];
  const encoding = {
    x: {
      field: 'x',
      type: 'quantitative',
      scale: { type: scale, nice: false },
      axis: { title: x, values: ticks?.x, grid: false, format: ',d' },
    },
    y: {
      field: 'y',
      type: 'quantitative',
      scale: { type: scale },
      axis: { title: y, values: ticks?.y, gridOpacity: 0.4, format: scale === 'log' ? '~f' : ',d' },
    },
  } as const;
  const color = {
    field: 'name',
    type: 'nominal',
    scale: { domain: names, range: [OURS, ...OTHERS] },
    legend: { title: null, labelLimit: 0 },
  } as const;
  await draw(chart, {
    width: 460,
    height: 260,
    layer: [
      {
        data: { values: points },
        mark: { type: 'line', point: scale === 'log', strokeWidth: 2.5 },
        encoding: { ...encoding, color },
      },
      {
        data: { values: points.filter(({ label }) => label !== undefined) },
        mark: { type: 'text', align: 'left', dx: 8, fontSize: 12 },
        encoding: { ...encoding, text: { field: 'label', type: 'nominal' } },
      },
    ],
  });
}

async function draw({ id, title, subtitle }: Chart, content: object): Promise<void> {
  const specification = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    padding: 16,
    title: { text: title, subtitle },
    config: {
      font: FONT,
      title: { anchor: 'start', frame: 'bounds', fontSize: 15, subtitleFontSize: 12, subtitlePadding: 5, offset: 14 },
      axis: { labelFontSize: 12, titleFontSize: 12, titleFontWeight: 'normal' },
      legend: { labelFontSize: 12, orient: 'bottom', direction: 'vertical' },
      view: { stroke: null },
    },
    ...content,
  } as TopLevelSpec;
  // These modules use top-level await, which `require` does not support.
  const [{ parse, View }, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  const view = new View(parse(compile(specification).spec), { renderer: 'none' });
  const folder = path.resolve(__dirname, '../../docs/images');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `bench-${id}.svg`), `${await view.toSVG()}\n`);
}
