import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { Failure } from '../../../shell/failure';
import { ADAPTER } from '../../../core/features';
import { packageFile } from '../../../shell/paths';
import { type Check, failed, type Finding, passed, unchecked, warned } from '../check';
import { type Answer, ask, codeOf, inWords } from '../network';
import type { SetUp } from '../set-up';

/** The first Ghost whose storage adapters can do all that is needed. */
const OLDEST_GHOST = [5, 130] as const;

/** Sizes that every Ghost makes; one is asked for at Ghost itself and one at the CDN, as each is made once. */
const SIZE_AT_GHOST = 'size/w1000';
const SIZE_AT_CDN = 'size/w600';

/** Ghost and its part in the CDN. */
export const ghostChecks: Check[] = [
  {
    group: 'Ghost',
    name: 'Ghost',
    needs: ['file'],
    run({ site }) {
      if (site instanceof Failure || site.version === undefined) {
        return unchecked('its code is not here');
      }
      const [major = 0, minor = 0] = site.version.split('.').map(Number);
      const [oldestMajor, oldestMinor] = OLDEST_GHOST;
      return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
        ? passed(site.version)
        : failed(
            `The version of Ghost in ${site.codeFolder} was read.`,
            `It is ${site.version}.`,
            `Update Ghost to ${oldestMajor}.${oldestMinor} or newer: ghost update`,
          );
    },
  },
  { group: 'Ghost', name: 'Node', needs: ['Ghost'], run: checkNode },
  { group: 'Ghost', name: 'adapter', needs: ['file'], run: checkAdapter },
  { group: 'Ghost', name: 'not shadowed', needs: ['adapter'], run: checkShadows },
  {
    group: 'Ghost',
    name: 'blog answers',
    needs: ['file', 'options'],
    async run({ siteUrl, network, signal }) {
      if (siteUrl === undefined) {
        return unchecked('"url" of Ghost\'s configuration is not known');
      }
      const tried = `${siteUrl.replace(/\/\/[^/@]*@/, '//')}/ was asked for.`;
      try {
        const { status, headers } = await ask(network, `${siteUrl}/`, { signal });
        return status < 500
          ? passed(inWords(status, headers.location))
          : failed(
              tried,
              `The answer is ${status}.`,
              'Start Ghost, and read its log if it does not come up: ghost log',
            );
      } catch (error) {
        return failed(
          tried,
          `There is no answer (${codeOf(error)}).`,
          'Start Ghost and what stands before it, or correct "url" of its configuration.',
        );
      }
    },
  },
  { group: 'Ghost', name: 'old links', needs: ['blog answers', 'features', 'prefixes', 'write'], run: checkVisitors },
  { group: 'Ghost', name: 'sizes', needs: ['old links'], run: checkSizesOfGhost },
  { group: 'Ghost', name: 'sizes on the CDN', needs: ['type', 'sizes'], run: checkSizesOfCdn },
];

function checkNode({ site }: SetUp): Finding {
  const { node } = process.versions;
  const wanted =
    site instanceof Failure || site.codeFolder === undefined
      ? undefined
      : (
          JSON.parse(readFileSync(path.join(site.codeFolder, 'package.json'), 'utf8')) as {
            engines?: { node?: string };
          }
        ).engines?.node;
  // Ghost's are majors, each from some minor version on: ^20.11.1 || ^22.13.1
  const [major, minor = 0] = node.split('.').map(Number);
  const from = [...(wanted ?? '').matchAll(/\^(\d+)\.(\d+)/g)].find(([, wantedMajor]) => Number(wantedMajor) === major);
  const isWanted = wanted === undefined || (from !== undefined && minor >= Number(from[2]));
  return isWanted
    ? passed(node)
    : warned(
        'The version of the Node that runs this command was compared with what Ghost wants.',
        `It is ${node}, and Ghost wants ${wanted}.`,
        'See that Ghost runs with another one (ghost doctor), or install it.',
      );
}

/** The folders that Ghost looks for the adapter in, in its order. */
function adapterFolders({ site }: SetUp): string[] {
  if (site instanceof Failure) {
    return [];
  }
  const { installedAdaptersPath } = site.config.paths ?? {};
  return [
    ...(installedAdaptersPath ? [path.resolve(site.folder, installedAdaptersPath, 'storage', ADAPTER)] : []),
    path.join(site.contentPath, 'adapters', 'storage', ADAPTER),
  ];
}

function checkAdapter(setUp: SetUp): Finding {
  const folders = adapterFolders(setUp);
  const folder = folders.find((candidate) => existsSync(candidate));
  if (setUp.site instanceof Failure || (!existsSync(setUp.site.contentPath) && !folder)) {
    return unchecked('the content folder of Ghost is not here');
  }
  const tried = `The adapter was looked for in ${folders.join(' and ')}.`;
  const cure = 'The command install puts it there. Then restart Ghost.';
  if (folder === undefined) {
    return failed(tried, 'It is not there.', cure);
  }
  const { version: ours } = manifestOf(path.dirname(packageFile('package.json')));
  try {
    const { version, main = 'index.js' } = manifestOf(folder);
    accessSync(path.join(folder, main), constants.R_OK);
    return version === ours
      ? passed(`${version} in ${folder}`)
      : warned(tried, `It is ${version} in ${folder}, and this command is ${ours}.`, cure);
  } catch (error) {
    return failed(
      tried,
      `What is in ${folder} cannot be loaded: ${(error as Error).message}`,
      `${cure} All files must be readable to the user that Ghost runs as.`,
    );
  }
}

/** @see https://docs.ghost.org/config#creating-a-custom-storage-adapter */
function checkShadows(setUp: SetUp): Finding {
  const { site } = setUp;
  if (site instanceof Failure) {
    return unchecked('Ghost is not here');
  }
  const folders = adapterFolders(setUp).filter((folder) => existsSync(folder));
  const ofGhost = site.codeFolder
    ? [
        path.join(site.codeFolder, 'node_modules', ADAPTER),
        path.join(site.codeFolder, 'core/server/adapters/storage', `${ADAPTER}.js`),
      ]
    : [];
  const files = adapterFolders(setUp).map((folder) => `${folder}.js`);
  // Node takes a file before the folder of the same name.
  const before = [...ofGhost, ...files].filter(
    (file) => existsSync(file) && (statSync(file).isFile() || ofGhost.includes(file)),
  );
  const tried = 'The places were searched in which Ghost looks for adapters, in its order.';
  if (before.length > 0) {
    return failed(tried, `Ghost loads ${before[0]} in place of the adapter.`, 'Remove it, and restart Ghost.');
  }
  return folders.length > 1
    ? warned(tried, `The adapter is there twice, and Ghost loads ${folders[0]}.`, `Remove ${folders[1]}.`)
    : passed('nothing stands before it');
}

async function checkVisitors(setUp: SetUp): Promise<Finding> {
  const { siteUrl, network, signal, probes } = setUp;
  if (siteUrl === undefined) {
    return unchecked('"url" of Ghost\'s configuration is not known');
  }
  const found = new Set<string>();
  for (const { feature, path: relativePath, url } of probes.all) {
    const old = `${siteUrl}/content/${feature}/${relativePath}`;
    const { status, headers, body } = await ask(network, old, { signal });
    const isSame = status === 200 && body.equals(probes.bytes);
    const leadsToCdn = [301, 302, 307, 308].includes(status) && headers.location === url;
    if (isSame || leadsToCdn) {
      found.add(isSame ? 'the bytes' : `${status} to the CDN`);
      continue;
    }
    return explainedAnswer(`${old} was asked for, as by an old link.`, { status, headers }, setUp);
  }
  return passed([...found].join(', '));
}

async function checkSizesOfGhost(setUp: SetUp): Promise<Finding> {
  const { siteUrl, network, config, features, probes } = setUp;
  if (siteUrl === undefined || !features.includes('images')) {
    return unchecked(
      siteUrl === undefined ? '"url" of Ghost\'s configuration is not known' : 'images are stored elsewhere',
    );
  }
  const relativePath = `${SIZE_AT_GHOST}/${probes.first.path}`;
  const size = probes.beside(relativePath);
  const url = `${siteUrl}/content/images/${relativePath}`;
  probes.expect(size.key);
  // As CloudFront introduces itself. Not given up when the user is in a hurry: Ghost would go on, and store it later.
  const answer = await ask(network, url, {
    headers: {
      'user-agent': 'Amazon CloudFront',
      ...(config.cdnFallbackSecret && { 'x-ghost-cdn-fallback': config.cdnFallbackSecret }),
    },
  });
  if (isPicture(answer)) {
    return passed('made by Ghost');
  }
  const tried = `${url} was asked for, as the CDN does it${config.cdnFallbackSecret ? ' with the secret' : ''}.`;
  if (answer.headers.location === size.url) {
    return failed(
      tried,
      'Ghost redirects it to the CDN, which asked: that leads in a circle.',
      config.serve === 'redirect'
        ? 'Remove "serve": "redirect".'
        : 'Set "cdnFallbackSecret", and restart Ghost. What stands before Ghost must pass on the header X-Ghost-Cdn-Fallback.',
    );
  }
  if (answer.headers.location?.endsWith(probes.first.path)) {
    return warned(
      tried,
      `Ghost makes no size, and leads to the original (${answer.headers.location}).`,
      'Switch on "imageOptimization.resize" in Ghost\'s configuration; the library sharp must be there.',
    );
  }
  return explainedAnswer(tried, answer, setUp);
}

async function checkSizesOfCdn(setUp: SetUp): Promise<Finding> {
  const { network, config, features, probes } = setUp;
  if (!features.includes('images')) {
    return unchecked('images are stored elsewhere');
  }
  const { key, url } = probes.beside(`${SIZE_AT_CDN}/${probes.first.path}`);
  probes.expect(key);
  const { status, headers, body } = await ask(network, url);
  if (isPicture({ status, headers, body })) {
    return passed('made by Ghost for the CDN');
  }
  const tried = `${url} was asked for, a size that is not in the bucket.`;
  const isAsked = config.cdnFallbackSecret !== undefined;
  if (status === 403 || status === 404) {
    const found = `The answer is ${status}: the CDN does not ask Ghost for it.`;
    const cure =
      'Give /content/images/size/* an origin group of the bucket and then Ghost, on 403 and 404, with the header X-Ghost-Cdn-Fallback: provision --ghost-url does it.';
    // Without the secret in its configuration, Ghost was never meant to be asked.
    return isAsked
      ? failed(tried, found, `${cure} A 404 that the CDN remembers goes away by itself, or by an invalidation.`)
      : warned(
          tried,
          `${found} Pages show the originals, or nothing, in its place.`,
          `${cure} Set "cdnFallbackSecret" to its value.`,
        );
  }
  if (status >= 300 && status < 400) {
    return failed(
      tried,
      `The answer is ${inWords(status, headers.location)}: Ghost does not know that the CDN asks.`,
      isAsked
        ? 'Set the header X-Ghost-Cdn-Fallback of the CDN\'s Ghost origin to the value of "cdnFallbackSecret".'
        : 'Set "cdnFallbackSecret" to the value of the header X-Ghost-Cdn-Fallback of the CDN\'s Ghost origin.',
    );
  }
  return failed(
    tried,
    `The answer is ${inWords(status, headers.location)}${status === 200 ? ' without a picture' : ''}.`,
    status >= 500
      ? "The CDN cannot reach Ghost, or Ghost fails: check the CDN's Ghost origin and Ghost's log."
      : "Check the CDN's Ghost origin.",
  );
}

/** What is wrong with a Ghost that answers for a file in the bucket otherwise than the adapter does. */
function explainedAnswer(
  tried: string,
  { status, headers }: Pick<Answer, 'status' | 'headers'>,
  { config: { bucket } }: SetUp,
): Finding {
  const found = `The answer is ${inWords(status, headers.location)}.`;
  if (status === 404) {
    return failed(
      tried,
      `${found} Ghost looks for it on its disk, or in another bucket than ${bucket}.`,
      'Restart Ghost, so that it reads this configuration. Is it the Ghost of this configuration that answers there?',
    );
  }
  if (status >= 500) {
    return failed(tried, `${found} Ghost could not read the bucket.`, "Read Ghost's log: ghost log");
  }
  return failed(
    tried,
    status === 200 ? 'Another file came back.' : found,
    'Restart Ghost, so that it reads this configuration. What stands before it (a proxy, a cache) must leave /content to it.',
  );
}

const isPicture = ({ status, headers, body }: Answer) =>
  status === 200 && (headers['content-type'] ?? '').startsWith('image/') && body.length > 0;

const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version?: string; main?: string };
