import { FALLBACK_HEADER } from '../../../core/cdn-contract';
import { logLine } from '../../../ghost-site/restart';
import { type Check, type CheckResult, failed, NOT_ACTIVE, passed, unchecked, warned } from '../check';
import type { DoctorContext } from '../context';
import { networkCodeOf } from '../../../core/network-code';
import { type Answer, get, statusText } from '../network';
import { withoutUserInfo } from '../../../shell/text';

/** Two sizes that every Ghost creates, on first request: one is requested from Ghost, the other from the CDN. */
const SIZE_AT_GHOST = 'size/w1000';
const SIZE_AT_CDN = 'size/w600';

/** Checks that the blog answers. */
export const checkBlogAnswers = withSiteUrl(async (context, siteUrl) => {
  const tried = `The command requested ${withoutUserInfo(siteUrl)}/.`;
  try {
    const answer = await context.get(`${siteUrl}/`);
    return answer.status < 500
      ? passed(`${withoutUserInfo(siteUrl)}/ answers`, statusText(answer))
      : failed(
          tried,
          `The blog answers with the status ${answer.status}.`,
          `Start Ghost, and read its log if it does not start${placeOfLog(context)}`,
        );
  } catch (error) {
    return failed(
      tried,
      `The blog at ${withoutUserInfo(siteUrl)} does not answer (${networkCodeOf(error)}).`,
      'Start Ghost and the proxy in front of it, or correct "url" in its configuration.',
    );
  }
});

/** Checks that Ghost serves a file in the bucket at its own URL, or redirects to the CDN. */
export const checkOldLinks = withSiteUrl(async (context, siteUrl) => {
  if (!context.isActive) {
    return NOT_ACTIVE;
  }
  const { probes } = context;
  const found = new Set<string>();
  let streamed: Answer | undefined;
  for (const { feature, path, url } of probes.all) {
    const oldUrl = `${siteUrl}/content/${feature}/${path}`;
    const answer = await context.get(oldUrl);
    const { status, headers, body } = answer;
    if (status === 200 && body.equals(probes.bytes)) {
      found.add('Ghost sends the file');
      streamed = answer;
    } else if ([301, 302, 307, 308].includes(status) && headers.location === url) {
      found.add('Ghost redirects to the CDN');
    } else {
      return wrongAnswer(`The command requested ${oldUrl}, as an old link does.`, answer, context);
    }
  }
  return (streamed && wastedBytes(streamed, context, siteUrl)) ?? passed([...found].join(', '));
});

/** Returns a warning when Ghost treats a visitor as the CDN because a proxy in front of it names itself. */
function wastedBytes({ headers }: Answer, { config }: DoctorContext, siteUrl: string): CheckResult | undefined {
  const isOwnCdn = new URL(siteUrl).host === new URL(config.cdnUrl).host;
  if (config.serve !== 'auto' || config.cdnFallbackSecret !== undefined || isOwnCdn) {
    return undefined;
  }
  const proxy = String(headers.via ?? headers.server ?? '');
  return warned(
    'The command requested old links, as a visitor does.',
    `Ghost sends each visitor the file instead of redirecting to the CDN: a proxy in front of Ghost${proxy ? ` (${proxy})` : ''} adds the header Via or CDN-Loop, and without a secret Ghost cannot tell it from the CDN.`,
    'Set "cdnFallbackSecret", and make the CDN send it in the header X-Ghost-Cdn-Fallback-Key. provision --ghost-url does both.',
  );
}

/** Checks that Ghost creates image sizes when the CDN asks for them. */
export const checkSizes = withSiteUrl(async (context, siteUrl) => {
  if (!context.isActive) {
    return NOT_ACTIVE;
  }
  const { config, features, probes } = context;
  if (!features.includes('images')) {
    return unchecked('images are stored elsewhere');
  }
  const path = `${SIZE_AT_GHOST}/${probes.first.path}`;
  const size = probes.locate(path);
  const url = `${siteUrl}/content/images/${path}`;
  probes.track(size.key);
  // Without the signal: Ghost would continue after an abort, and store the size after the cleanup.
  const answer = await get(context.network, url, {
    headers: {
      'user-agent': 'Amazon CloudFront',
      // While a secret is being replaced, the first of the two is the new one.
      ...(config.cdnFallbackSecret && { [FALLBACK_HEADER]: config.cdnFallbackSecret[0] ?? '' }),
    },
  });
  if (isImage(answer)) {
    return passed('Ghost created one');
  }
  const { location } = answer.headers;
  const tried = `The command requested ${url}, as the CDN does${config.cdnFallbackSecret ? ' with the secret' : ''}.`;
  if (location === size.url) {
    return failed(
      tried,
      "Ghost redirects the CDN's request for an image size back to the CDN, which is a loop.",
      config.serve === 'redirect'
        ? 'Remove "serve": "redirect".'
        : 'Set "cdnFallbackSecret", and restart Ghost. A proxy in front of Ghost must forward the header X-Ghost-Cdn-Fallback-Key.',
    );
  }
  if (location?.endsWith(probes.first.path)) {
    return warned(
      tried,
      `Ghost creates no image sizes, and redirects to the original (${location}).`,
      'Set "imageOptimization.resize" to true in Ghost\'s configuration, and make sure that the library sharp is installed.',
    );
  }
  return wrongAnswer(tried, answer, context);
});

/** Checks that the CDN gets missing image sizes from Ghost. */
export async function checkSizesOnCdn(context: DoctorContext): Promise<CheckResult> {
  const { network, config, features, probes, isActive } = context;
  if (!isActive) {
    return NOT_ACTIVE;
  }
  if (!features.includes('images')) {
    return unchecked('images are stored elsewhere');
  }
  const { key, url } = probes.locate(`${SIZE_AT_CDN}/${probes.first.path}`);
  probes.track(key);
  // Without the signal, as above.
  const answer = await get(network, url);
  if (isImage(answer)) {
    return passed('Ghost created one for the CDN');
  }
  const { status } = answer;
  const tried = `The command requested ${url}, an image size that is not in the bucket.`;
  const hasSecret = config.cdnFallbackSecret !== undefined;
  if (status === 403 || status === 404) {
    const found = `The CDN answers ${status} for an image size that is not in the bucket: it does not ask Ghost for it.`;
    const cure =
      'Add an origin group for /content/images/size/*: first the bucket, then Ghost on 403 and 404, with the header X-Ghost-Cdn-Fallback-Key. provision --ghost-url does that.';
    // Without the secret, the fallback was never set up.
    return hasSecret
      ? failed(tried, found, `${cure} The CDN may cache a 404 for a minute, or until an invalidation.`)
      : warned(
          tried,
          `${found} Pages show the original or nothing instead.`,
          `${cure} Set "cdnFallbackSecret" to its value.`,
        );
  }
  if (status >= 300 && status < 400) {
    return failed(
      tried,
      `The CDN answers ${statusText(answer)} for an image size: Ghost does not recognize the CDN.`,
      hasSecret
        ? 'Set the header X-Ghost-Cdn-Fallback-Key of the CDN\'s Ghost origin to the value of "cdnFallbackSecret".'
        : 'Set "cdnFallbackSecret" to the value of the header X-Ghost-Cdn-Fallback-Key of the CDN\'s Ghost origin.',
    );
  }
  return failed(
    tried,
    `The CDN answers ${statusText(answer)}${status === 200 ? ' without an image' : ''} for an image size.`,
    status >= 500
      ? `The CDN cannot reach Ghost, or Ghost fails. Check the CDN's Ghost origin, and read Ghost's log${placeOfLog(context)}`
      : "Check the CDN's Ghost origin.",
  );
}

/** Returns a check that needs the URL of the blog. */
function withSiteUrl(check: (context: DoctorContext, siteUrl: string) => Promise<CheckResult>): Check['run'] {
  return (context) =>
    context.siteUrl === undefined
      ? unchecked('the "url" in Ghost\'s configuration is unknown')
      : check(context, context.siteUrl);
}

/** Explains an answer from Ghost that does not come from this adapter and this bucket. */
function wrongAnswer(tried: string, answer: Answer, context: DoctorContext): CheckResult {
  const { bucket } = context.config;
  const { status } = answer;
  const found = `Ghost answers ${statusText(answer)} for an image in the bucket.`;
  if (status === 404) {
    return failed(
      tried,
      `${found} It looks on its disk, or in a bucket other than ${bucket}.`,
      'Restart Ghost, so that it reads this configuration, and check that the URL leads to the Ghost with this configuration.',
    );
  }
  if (status >= 500) {
    return failed(tried, `${found} Ghost could not read the bucket.`, `Read Ghost's log${placeOfLog(context)}`);
  }
  return failed(
    tried,
    status === 200 ? 'Ghost sends a different file than the one in the bucket.' : found,
    'Restart Ghost, so that it reads this configuration. A proxy or cache in front of Ghost must forward /content to it.',
  );
}

/** Returns where Ghost's log is, as the end of a sentence, where Ghost is on this machine. */
const placeOfLog = ({ site }: DoctorContext): string => (site ? `: ${logLine(site)}` : '.');

const isImage = ({ status, headers, body }: Answer) =>
  status === 200 && (headers['content-type'] ?? '').startsWith('image/') && body.length > 0;
