import fc from 'fast-check';
import { readTemplate } from '../../../src/template/read';
import { PARAMETER_SETS } from '../../support/template/parameter-sets';
import { render } from '../../support/template/render';
import { afterFunction } from '../../support/template/route';

const RUNS = 10_000;

const anyCase = (text: string) =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((isUpper) => [...text].map((letter, index) => (isUpper[index] ? letter.toUpperCase() : letter)).join(''));
const extension = fc.oneof(
  ...['jpg', 'jpeg', 'png', 'gif', 'svg', 'svgz', 'webp', 'avif', 'ico'].map(anyCase),
  fc.stringMatching(/^[a-z0-9%+]{0,5}$/),
);
const piece = fc.oneof(
  fc.constantFrom('2026', '11', 'format', 'webp', 'avif', 'size', 'w600', 'content', 'images', '', '..', '%2e%2e'),
  fc.stringMatching(/^[\w.~%+@-]{0,12}$/),
);
const size = fc.oneof(fc.constantFrom('w600', 'w1000', 'h200', 'w30h30', 'W600', 'w', 'wh', '600', '2026'), piece);
const format = fc.oneof(
  fc.constant(''),
  fc
    .array(fc.oneof(anyCase('avif'), fc.constantFrom('webp', 'png', 'jpg', '%61vif'), piece), { maxLength: 3 })
    .map((names) => names.map((name) => `/format/${name}`).join('')),
);
/** Paths of sizes and similar ones, below the prefix of a blog. */
const path = fc
  .tuple(size, format, fc.array(piece, { maxLength: 4 }), fc.stringMatching(/^[\w.+-]{0,8}$/), extension)
  .map(([size, format, folders, stem, extension]) =>
    [`/content/images/size/${size}${format}`, ...folders, `${stem}.${extension}`].join('/'),
  );
const accept = fc.option(
  fc.oneof(
    fc.constantFrom(
      'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
      'image/webp,image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5',
      'IMAGE/WEBP;q=0.9',
      'image/webp;q=0',
      'image/webpx',
      'x/image/webp',
      '*/*',
      '',
    ),
    fc.string({ maxLength: 40 }),
  ),
  { nil: undefined },
);

const STACKS = Object.entries(PARAMETER_SETS).filter(([, { GhostHost }]) => GhostHost !== undefined);

describe.each(STACKS)('the path of an image size, for %s', (_, parameters) => {
  const { TenantPrefix, Formats = 'webp' } = parameters;
  const own = TenantPrefix ? `/${TenantPrefix}` : '';
  const stack = render(readTemplate(), parameters);
  /** The path that the origins get, without the prefix. */
  const after = (size: string, accepts?: string) => String(afterFunction(stack, own + size, accepts).uri);

  test('gets one format at most, only behind the size, and the same one if it comes again', () => {
    let rewritten = 0;
    const property = fc.property(path, accept, (asked, accepts) => {
      const got = after(asked, accepts);
      const encoded = asked.replaceAll('+', '%2B');
      expect(after(got, accepts)).toBe(got);
      if (got === encoded) return;
      rewritten += 1;
      expect(Formats).not.toBe('none');
      const [, head = '', given = '', file = ''] =
        /^(\/content\/images\/size\/(?:[wh]\d+)+)((?:\/format\/[^/]+)*)(\/.*)$/.exec(encoded) ?? [];
      expect([`${head}${file}`, `${head}/format/webp${file}`]).toContain(got);
      // Only AVIF, which Ghost must not make, gives way to another format.
      if (given !== '') expect(given.toLowerCase()).toContain('avif');
      if (got.startsWith(`${head}/format/webp/`) && !file.startsWith('/format/webp/')) {
        expect(accepts).toMatch(/image\/webp/i);
        expect(file).toMatch(Formats === 'webp' && given === '' ? /\.jpe?g$/i : /\.(jpe?g|png)$/i);
      }
    });
    fc.assert(property, { numRuns: Math.ceil(RUNS / STACKS.length) });
    expect(rewritten > 0).toBe(Formats !== 'none');
  });

  test('never asks Ghost for AVIF', () => {
    const property = fc.property(path, accept, (asked, accepts) => {
      // Ghost makes AVIF for this path alone, in lower case, and knows sizes by these names.
      const isAvif = /^\/content\/images\/size\/(?:[wh]\d+)+\/format\/avif\/.*\.[^./]+$/.test(after(asked, accepts));
      expect(isAvif && Formats !== 'none').toBe(false);
    });
    fc.assert(property, { numRuns: Math.ceil(RUNS / STACKS.length) });
  });
});

test('the function takes less than a millisecond, also for the longest paths', () => {
  const stack = render(readTemplate(), PARAMETER_SETS['one of several blogs in the bucket'] ?? {});
  const head = '/blogs/seven/content/images/size/w600';
  // CloudFront refuses URLs with more than 8,192 bytes.
  const paths = ['/format/avif', '/format/x', '/w600', '+', '.jpg', 'w1h1'].map((part) =>
    `${head}${part.repeat(8192)}`.slice(0, 8188).concat('.jpg'),
  );
  const accepts = ['image/webp;q=0'.repeat(500), 'image/webp '.repeat(700), ' '.repeat(8000)];
  const before = process.cpuUsage();
  const calls = 300;
  for (let call = 0; call < calls; call += 1) {
    for (const path of paths) for (const accept of accepts) afterFunction(stack, path, accept);
  }
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000 / (calls * paths.length * accepts.length)).toBeLessThan(1);
});
