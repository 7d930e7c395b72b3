import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openBrowser } from '../test/support/browser';
import { drawHowItWorks } from './pictures/how-it-works';

const MERMAID = 'mermaid@11.12.0';

const root = join(__dirname, '..');
const images = join(root, 'docs/images');
const cache = join(root, '.cache/mermaid');
const library = join(cache, 'node_modules/mermaid/dist/mermaid.min.js');

const CONFIG = {
  startOnLoad: false,
  fontFamily: 'Helvetica, Arial, sans-serif',
  theme: 'base',
  themeVariables: {
    fontSize: '15px',
    actorBkg: '#ffffff',
    actorBorder: '#3b5b8c',
    actorTextColor: '#1b2430',
    actorLineColor: '#9aa9bf',
    signalColor: '#3b5b8c',
    signalTextColor: '#1b2430',
    noteBkgColor: '#ffffff',
    noteBorderColor: '#9aa9bf',
    noteTextColor: '#1b2430',
  },
  sequence: {
    width: 120,
    actorMargin: 24,
    messageMargin: 28,
    boxMargin: 6,
    noteMargin: 7,
    diagramMarginX: 0,
    mirrorActors: false,
    messageFontSize: 15,
    noteFontSize: 15,
    actorFontSize: 15,
  },
};

/** White margin around the diagram in pixels, which shows on dark pages. */
const MARGIN = 16;

/**
 * Draws `docs/images/how-it-works.svg`, and `docs/request.mmd` as `docs/images/request.svg`. Run it with
 * `npm run diagrams`; it installs Mermaid into `.cache` if it is missing, and needs Chromium.
 */
async function main(): Promise<void> {
  await mkdir(images, { recursive: true });
  await save('how-it-works.svg', drawHowItWorks());
  await save('request.svg', await drawRequest());
}

async function save(name: string, svg: string): Promise<void> {
  const file = join(images, name);
  await writeFile(file, `${svg.trim()}\n`);
  console.log(file);
}

async function drawRequest(): Promise<string> {
  if (!existsSync(library)) {
    execFileSync('npm', ['install', '--prefix', cache, '--no-save', '--no-audit', '--no-fund', MERMAID], {
      stdio: 'inherit',
    });
  }
  const source = await readFile(join(root, 'docs/request.mmd'), 'utf8');
  const browser = await openBrowser();
  try {
    await browser.page.setContent('<!doctype html><body></body>');
    await browser.page.addScriptTag({ path: library });
    // Passed as text, since the compiler's helpers do not exist in the page.
    return await browser.page.evaluate<string>(`(async () => {
      mermaid.initialize(${JSON.stringify(CONFIG)});
      document.body.innerHTML = (await mermaid.render('request', ${JSON.stringify(source)})).svg;
      const svg = document.querySelector('svg');
      const [x, y, width, height] = svg.getAttribute('viewBox').split(' ').map(Number);
      const box = [x - ${MARGIN}, y - ${MARGIN}, width + ${2 * MARGIN}, height + ${2 * MARGIN}].map(Math.round);
      svg.setAttribute('viewBox', box.join(' '));
      svg.setAttribute('width', box[2]);
      svg.setAttribute('height', box[3]);
      svg.setAttribute('style', 'background: #ffffff');
      return new XMLSerializer().serializeToString(svg);
    })()`);
  } finally {
    await browser.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
