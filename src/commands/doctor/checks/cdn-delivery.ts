import { partition } from '@aws-sdk/core/client';
import { knownService } from '../../../core/s3/service';
import { INERT_POLICY } from '../../../core/cdn-contract';
import { ghostUrlOf } from '../../../core/features';
import { type CheckResult, failed, passed, unchecked, warned } from '../check';
import type { DoctorContext } from '../context';
import { allowStatement, s3Arn } from '../iam-statement';
import { type Answer, statusText } from '../network';
import type { Probe } from '../probes';

/** Checks that the CDN does not show the bucket's file list. */
export async function checkNoListing(context: DoctorContext): Promise<CheckResult> {
  const roots = new Set([`${new URL(context.config.cdnUrl).origin}/`, `${ghostUrlOf(context.config)}/`]);
  for (const url of roots) {
    const { body } = await context.get(url);
    if (/<ListBucketResult|<ListAllMyBucketsResult/.test(body.toString('latin1'))) {
      return failed(
        `The command requested ${url}.`,
        'The CDN shows the list of all files in the bucket.',
        'Set a default root object that does not exist (CloudFront: index.html).',
      );
    }
  }
  return passed('the CDN does not show a list of files');
}

/** Checks that the CDN answers 404 for a missing file. */
export async function checkMissingFile(context: DoctorContext): Promise<CheckResult> {
  const { url } = context.probes.lateFile;
  const answer = await context.getOnce(url);
  const tried = `The command requested ${url}, which does not exist.`;
  if (answer.status === 404) {
    return passed('the CDN answers 404 for a missing file', '404');
  }
  if (answer.status === 403) {
    return failed(
      tried,
      'The CDN answers 403 for a file that does not exist. S3 sends 403 instead of 404 when the CDN may not list the bucket.',
      `Add this to the bucket policy, with the principal and condition of the statement that lets the CDN read:\n${allowStatement(['s3:ListBucket'], s3Arn(context.config))}`,
    );
  }
  return failed(
    tried,
    `The CDN answers ${statusText(answer)} for a file that does not exist.`,
    answer.status >= 500
      ? 'The CDN cannot reach the bucket. Check the domain name of its origin.'
      : "Make the CDN send the bucket's 404: no error page with another status, and no redirect.",
  );
}

/** Checks that the CDN serves the bytes in the bucket. */
export function checkBytes(context: DoctorContext): Promise<CheckResult> {
  const { all, bytes } = context.probes;
  return checkEachProbe(context, async (probe) => {
    const { key, url } = probe;
    const answer = await context.getOnce(url);
    if (answer.status === 200 && answer.body.equals(bytes)) {
      return passed(`test files of ${all.map(({ feature }) => feature).join(', ')} came back unchanged`);
    }
    const tried = `The command stored ${key} in the bucket, and requested ${url}.`;
    if (answer.status !== 200) {
      return failed(tried, ...causeOfStatus(answer, probe));
    }
    const type = answer.headers['content-type'];
    return failed(
      tried,
      `The CDN returned other bytes than those in the bucket (${type ?? 'without a type'}, ${answer.body.length} instead of ${bytes.length}).`,
      /html/.test(type ?? '')
        ? `${new URL(url).host} shows a web page. Point it to the bucket's CDN.`
        : 'Turn off everything that changes images on the way (optimization, compression, watermarks). Ghost creates the image sizes.',
    );
  });
}

/** Returns the problem and the fix when the CDN does not answer 200 for a probe. */
function causeOfStatus(answer: Answer, { config }: Probe): [found: string, cure: string] {
  const { bucket, region = 'REGION', staticFileURLPrefix } = config;
  const origin = knownService(config).endpoint ? 'the bucket' : `${bucket}.s3.${region}.${partition(region).dnsSuffix}`;
  if (answer.status === 404) {
    return [
      'The CDN answers 404 for a file in the bucket: it reads another bucket, or another path in it.',
      `Set the domain name of the CDN's origin to ${origin}, without an origin path. If you have several buckets, check that two are not swapped.`,
    ];
  }
  if (answer.status === 403) {
    return [
      'The CDN answers 403 for a file in the bucket: it may not read this file, or reads another bucket.',
      `Check that its origin is ${origin} with origin access control, and that the bucket policy contains this statement for cloudfront.amazonaws.com:\n${allowStatement(['s3:GetObject'], s3Arn({ bucket, region }, `${staticFileURLPrefix}/*`))}`,
    ];
  }
  return [
    `The CDN answers ${statusText(answer)} for a file in the bucket.`,
    answer.status >= 500
      ? `The CDN cannot reach its origin. Check that the origin is ${origin}.`
      : 'Make the CDN answer with the file itself.',
  ];
}

/** Checks that the CDN sends the stored Content-Type. */
export function checkContentType(context: DoctorContext): Promise<CheckResult> {
  return checkEachProbe(context, async ({ url, headers: { ContentType = '' } }) => {
    const type = (await context.getOnce(url)).headers['content-type'];
    return type === ContentType
      ? passed(ContentType)
      : failed(
          `The command stored ${url} as ${ContentType}.`,
          `The CDN sends a file of the type ${ContentType} as ${type ?? 'a file without a type'}.`,
          "Make the CDN send the bucket's Content-Type.",
        );
  });
}

/** Checks that scripts in an upload cannot run when its URL is opened. */
export async function checkSecurityHeaders(context: DoctorContext): Promise<CheckResult> {
  const { url, feature } = context.probes.first;
  const { headers } = await context.getOnce(url);
  const missing = [
    ...(headers['x-content-type-options'] === 'nosniff' ? [] : ['X-Content-Type-Options: nosniff']),
    // Ghost accepts SVGs as images, and an SVG can contain scripts.
    ...(feature !== 'images' || forbidsScripts(headers['content-security-policy'])
      ? []
      : [`Content-Security-Policy: ${INERT_POLICY}`]),
  ];
  return missing.length === 0
    ? passed('the CDN sends the headers that stop scripts')
    : warned(
        `The command read the headers of ${url}.`,
        `The CDN does not send ${missing.join(' and ')}, so scripts in an uploaded file may run on its domain.`,
        'Make the CDN send it (CloudFront: a response headers policy, as in infrastructure/template.yaml).',
      );
}

const forbidsScripts = (policy: Answer['headers'][string]): boolean =>
  /\bsandbox\b(?!.*allow-scripts)|(default|script)-src 'none'/.test([policy].flat().join());

/**
 * Checks that pages may read images, also those that they have shown before. A browser caches the answer to `<img>`,
 * which it requests without an Origin, and reuses it for a request with one.
 */
export async function checkCors(context: DoctorContext): Promise<CheckResult> {
  const { url } = context.probes.first;
  const { origin } = new URL(context.siteUrl ?? 'https://blog.example.com');
  const isAllowed = (allowed: Answer['headers'][string]) => allowed === '*' || allowed === origin;
  const { headers: asked } = await context.get(url, { origin });
  const { headers: shown } = await context.getOnce(url);
  const allowed = asked['access-control-allow-origin'];
  if (!isAllowed(allowed)) {
    return warned(
      `The check requested ${url} with the Origin ${origin}, as a script of the blog does.`,
      `The response has ${allowedOrigin(allowed)}, so scripts of the blog and its editor cannot read images.`,
      'Send Access-Control-Allow-Origin: * with every response (CloudFront: a response headers policy and a function, as in infrastructure/template.yaml; "provision" brings both up to date).',
    );
  }
  // With Vary, the browser requests the file again for the script.
  const varied = (shown.vary ?? '').split(',').map((name) => name.trim().toLowerCase());
  const variesByOrigin = varied.includes('origin') || varied.includes('*');
  return isAllowed(shown['access-control-allow-origin']) || variesByOrigin
    ? passed('scripts of the blog may read images', `Access-Control-Allow-Origin: ${String(allowed)}`)
    : warned(
        `The check requested ${url} without an Origin, as a page that shows it does.`,
        `The response has ${allowedOrigin(shown['access-control-allow-origin'])}. Browsers cache it, so a script cannot read an image that a page has already shown.`,
        'Send Access-Control-Allow-Origin: * with every response, not only when the request has an Origin (CloudFront: a function on viewer response, as in infrastructure/template.yaml; "provision" brings an image server up to date).',
      );
}

const allowedOrigin = (allowed: Answer['headers'][string]): string =>
  allowed === undefined ? 'no Access-Control-Allow-Origin' : `Access-Control-Allow-Origin: ${[allowed].flat().join()}`;

/** Checks that the CDN serves ranges of a file. */
export async function checkRanges(context: DoctorContext): Promise<CheckResult> {
  const { first, bytes } = context.probes;
  const { status, body } = await context.get(first.url, { range: 'bytes=10-19' });
  return status === 206 && body.equals(bytes.subarray(10, 20))
    ? passed('the CDN sends parts of files', '206')
    : failed(
        `The command requested ten bytes of ${first.url}.`,
        `The CDN does not send parts of files: for 10 bytes, it answers ${status} with ${body.length}.`,
        'Make the CDN answer range requests. Without them, videos do not play in Safari and cannot be skipped.',
      );
}

/** Checks every probe, and returns the first result that is not `passed`, or else the result for the first probe. */
export async function checkEachProbe(
  { probes }: DoctorContext,
  check: (probe: Probe) => Promise<CheckResult>,
): Promise<CheckResult> {
  const results: CheckResult[] = [];
  for (const probe of probes.all) {
    results.push(await check(probe));
  }
  return results.find(({ result }) => result !== 'passed') ?? results[0] ?? unchecked('the adapter stores no files');
}
