import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TopLevelSpec } from 'vega-lite';

const FONT = 'Helvetica, Arial, sans-serif';
/** The colors of this adapter and of its peers. */
const COLOURS = { ours: '#0b7a75', others: '#9aa5b1' };

/** A bar for each contender. */
export interface Bars {
  /** Part of the file's name: docs/images/bench-ID.svg. */
  id: string;
  title: string;
  /** The label of the axis, with the unit. */
  axis: string;
  bars: { name: string; value: number; /** Next to the bar. */ label: string }[];
}

const isOurs = (name: string) => name === 'S3CloudFrontStorage' || name === 'migrate';

/** Draws a bar chart into docs/images. */
export async function drawBars({ id, title, axis, bars }: Bars): Promise<void> {
  const y = { field: 'name', type: 'nominal', sort: null, axis: { title: null, labelLimit: 320 } } as const;
  const x = { field: 'value', type: 'quantitative', axis: { title: axis, grid: false } } as const;
  await draw(id, {
    title,
    data: { values: bars.map((bar) => ({ ...bar, colour: isOurs(bar.name) ? COLOURS.ours : COLOURS.others })) },
    width: 460,
    height: { step: 30 },
    layer: [
      {
        mark: { type: 'bar', height: 18 },
        encoding: { x, y, color: { field: 'colour', type: 'nominal', scale: null } },
      },
      {
        mark: { type: 'text', align: 'left', dx: 5, fontSize: 12 },
        encoding: { x, y, text: { field: 'label', type: 'nominal' } },
      },
    ],
  });
}

/** A line for each contender, over a growing number. */
export interface Lines {
  id: string;
  title: string;
  x: string;
  y: string;
  /** The scale of both axes; logarithmic by default. */
  scale?: 'log' | 'linear';
  points: { name: string; x: number; y: number }[];
}

/** Draws a line chart into docs/images. */
export async function drawLines({ id, title, x, y, scale = 'log', points }: Lines): Promise<void> {
  const names = [...new Set(points.map(({ name }) => name))];
  const others = ['#9aa5b1', '#c08a3e', '#7d6fb0', '#b05a6f'];
  const range = names.map((name) => (isOurs(name) ? COLOURS.ours : (others.shift() ?? COLOURS.others)));
  // On a logarithmic axis, ticks at the measured numbers; otherwise Vega's own.
  const values = scale === 'log' ? [...new Set(points.map((point) => point.x))] : undefined;
  await draw(id, {
    title,
    data: { values: points },
    width: 460,
    height: 260,
    mark: { type: 'line', point: scale === 'log', strokeWidth: 2.5 },
    encoding: {
      x: { field: 'x', type: 'quantitative', scale: { type: scale }, axis: { title: x, values, grid: false } },
      y: {
        field: 'y',
        type: 'quantitative',
        scale: { type: scale },
        axis: { title: y, gridOpacity: 0.4, format: scale === 'log' ? ',' : ',d' },
      },
      color: {
        field: 'name',
        type: 'nominal',
        scale: { domain: names, range },
        legend: { title: null, labelLimit: 320 },
      },
    },
  });
}

async function draw(id: string, content: object): Promise<void> {
  const specification = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    padding: 16,
    config: {
      font: FONT,
      title: { anchor: 'start', fontSize: 15, offset: 14 },
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
