import { checkServerIdentity } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Check, failed, type Finding, passed, unchecked, warned } from '../check';
import { type Answer, ask, codeOf, type Handshake, inWords, portOf, shakeHands } from '../network';
import type { Probe } from '../probes';
import { arnOf, statement } from '../requests';
import type { SetUp } from '../set-up';

/** From here on a certificate should have been renewed: ACM does it 60 days before, Let's Encrypt 30. */
const RENEWAL_DAYS = 14;

const DAY_MS = 24 * 60 * 60 * 1000;

/** How often a file is asked for until the CDN has it: it is many machines, and not all have been asked. */
const ASKS_FOR_A_HIT = 5;

/** Between two looks, in milliseconds. */
const PAUSE_MS = 2_500;

/** OpenSSL's words for versions that one side does not speak. */
const VERSION_ERRORS = /UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|WRONG_VERSION|NO_PROTOCOLS_AVAILABLE/;

/** What the stack's response headers policy sends along with pictures. */
const INERT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";

/** The way of a file from the bucket to a visitor. */
export const cdnChecks: Check[] = [
  {
    group: 'CDN',
    name: 'DNS',
    needs: ['options'],
    async run({ network, config: { cdnUrl } }) {
      const { hostname } = new URL(cdnUrl);
      try {
        const [addresses, name] = await Promise.all([network.lookup(hostname), network.canonicalNameOf(hostname)]);
        return passed(name ? `${hostname} is ${name}` : `${hostname} is ${addresses.slice(0, 2).join(', ')}`);
      } catch (error) {
        return failed(
          `${hostname} was looked up.`,
          `It does not resolve (${codeOf(error)}).`,
          'Make a CNAME record for it that leads to the distribution (d….cloudfront.net), or wait until a new one is known: provision status shows both.',
        );
      }
    },
  },
  {
    group: 'CDN',
    name: 'TLS',
    needs: ['DNS'],
    async run(setUp) {
      const { network, config } = setUp;
      const { hostname, protocol } = new URL(config.cdnUrl);
      if (protocol === 'http:') {
        return unchecked('the CDN is on this machine, without TLS');
      }
      const port = portOf(config.cdnUrl);
      const tried = `A TLS connection to ${hostname}:${port} was made.`;
      const old = await shakeHands(network, hostname, port, {
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        // Else OpenSSL itself speaks none of them.
        ciphers: 'DEFAULT@SECLEVEL=0',
      }).catch(() => undefined);
      const cure = 'Set the minimum version of TLS to 1.2 (CloudFront: security policy TLSv1.2_2021).';
      try {
        const { protocol: version } = await handshake(setUp);
        return old ? warned(tried, `Old versions are spoken, too (${old.protocol}).`, cure) : passed(version);
      } catch (error) {
        const code = codeOf(error);
        return old || VERSION_ERRORS.test(code)
          ? failed(tried, `Only ${old?.protocol ?? 'old versions'} is spoken, which browsers refuse.`, cure)
          : failed(
              tried,
              `There is no answer (${code}).`,
              `Check that ${hostname} leads to the CDN, and that the CDN has this name (CloudFront: alternate domain names).`,
            );
      }
    },
  },
  { group: 'CDN', name: 'certificate', needs: ['TLS'], run: checkCertificate },
  {
    group: 'CDN',
    name: 'HTTP/2',
    needs: ['certificate'],
    async run(setUp) {
      if (new URL(setUp.config.cdnUrl).protocol === 'http:') {
        return unchecked('the CDN is on this machine, without TLS');
      }
      const { application } = await handshake(setUp);
      return application === 'h2'
        ? passed('spoken')
        : warned(
            'HTTP/2 was offered to the CDN.',
            'It does not speak it: a page with many pictures loads slowly.',
            'Switch HTTP/2 on (CloudFront: supported HTTP versions).',
          );
    },
  },
  { group: 'CDN', name: 'HTTP redirect', needs: ['DNS'], run: checkHttpRedirect },
  { group: 'CDN', name: 'answers', needs: ['certificate'], run: checkAnswers },
  { group: 'CDN', name: 'no listing', needs: ['answers'], run: checkNoListing },
  // Who may not read at all gets 403 for everything: what is there comes first.
  { group: 'CDN', name: 'same bytes', needs: ['answers', 'write'], run: checkBytes },
  { group: 'CDN', name: 'missing file', needs: ['answers', 'bucket region', 'same bytes'], run: checkMissingFile },
  {
    group: 'CDN',
    name: 'type',
    needs: ['same bytes'],
    run: (setUp) =>
      eachProbe(setUp, async ({ url, headers: { ContentType = '' } }) => {
        const type = (await viaCdn(setUp, url)).headers['content-type'];
        return type === ContentType
          ? passed(ContentType)
          : failed(
              `${url} was stored as ${ContentType}.`,
              `The CDN sends it as ${type ?? 'nothing'}.`,
              'Let the CDN pass on the Content-Type of the bucket.',
            );
      }),
  },
  {
    group: 'CDN',
    name: 'cache headers',
    needs: ['same bytes'],
    run: (setUp) =>
      eachProbe(setUp, async ({ url, headers: { CacheControl = '' } }) => {
        const found = (await viaCdn(setUp, url)).headers['cache-control'];
        const tried = `${url} was stored with Cache-Control: ${CacheControl}.`;
        const cure =
          'Let the CDN pass on the Cache-Control of the bucket (CloudFront: a cache policy as CachingOptimized).';
        if (found === undefined) {
          return failed(tried, 'The CDN sends none: browsers fetch each picture again and again.', cure);
        }
        return sameDirectives(found, CacheControl)
          ? passed(found)
          : warned(tried, `The CDN sends Cache-Control: ${found}.`, cure);
      }),
  },
  { group: 'CDN', name: 'security headers', needs: ['same bytes'], run: checkSecurityHeaders },
  {
    group: 'CDN',
    name: 'CORS',
    needs: ['same bytes'],
    async run(setUp) {
      const { url } = setUp.probes.first;
      const { origin } = new URL(setUp.siteUrl ?? 'https://blog.example.com');
      const { headers } = await get(setUp, url, { origin });
      const allowed = headers['access-control-allow-origin'];
      return allowed === '*' || allowed === origin
        ? passed(allowed)
        : warned(
            `${url} was asked for, as by a page of the blog.`,
            `There is ${allowed === undefined ? 'no Access-Control-Allow-Origin' : `Access-Control-Allow-Origin: ${allowed}`}: scripts of the blog and its editor cannot read pictures.`,
            'Send Access-Control-Allow-Origin: * with everything (CloudFront: a response headers policy).',
          );
    },
  },
  { group: 'CDN', name: 'ranges', needs: ['same bytes'], run: checkRanges },
  { group: 'CDN', name: 'not modified', needs: ['same bytes'], run: checkNotModified },
  { group: 'CDN', name: 'cached', needs: ['same bytes'], run: checkHit },
];

/** Takes as long as the CDN remembers what was not there: to be run when everything else is said. */
export const patientCdnChecks: Check[] = [
  {
    group: 'CDN',
    name: 'asked too early',
    wait: 'until the CDN has forgotten that a file was not there, a minute or so',
    needs: ['missing file', 'same bytes'],
    run: checkAskedTooEarly,
  },
];

/** How the CDN shakes hands with a browser of today. */
function handshake(setUp: SetUp): Promise<Handshake> {
  const { network, config } = setUp;
  const { hostname } = new URL(config.cdnUrl);
  return setUp.fact('handshake', () =>
    shakeHands(network, hostname, portOf(config.cdnUrl), { ALPNProtocols: ['h2', 'http/1.1'] }),
  );
}

/** The first answer of the CDN for a URL. */
function viaCdn(setUp: SetUp, url: string): Promise<Answer> {
  return setUp.fact(`CDN ${url}`, () => get(setUp, url));
}

const get = ({ network, signal }: SetUp, url: string, headers?: Record<string, string>) =>
  ask(network, url, { headers, signal });

/** The first that is not as it should be, else what is found of the first. */
async function eachProbe({ probes }: SetUp, check: (probe: Probe) => Promise<Finding>): Promise<Finding> {
  const findings: Finding[] = [];
  for (const probe of probes.all) {
    findings.push(await check(probe));
  }
  return findings.find(({ result }) => result !== 'passed') ?? findings[0] ?? unchecked('nothing is stored');
}

async function checkCertificate(setUp: SetUp): Promise<Finding> {
  const { hostname, protocol } = new URL(setUp.config.cdnUrl);
  if (protocol === 'http:') {
    return unchecked('the CDN is on this machine, without TLS');
  }
  const { certificate, distrust } = await handshake(setUp);
  const tried = `The certificate that ${hostname} shows was read.`;
  const until = new Date(certificate.valid_to);
  const day = until.toISOString().slice(0, 10);
  const days = Math.floor((until.getTime() - Date.now()) / DAY_MS);
  if (until.getTime() < Date.now()) {
    return failed(
      tried,
      `It expired on ${day}.`,
      'Renew it. ACM does it by itself as long as its CNAME record for validation is in DNS: provision status shows it.',
    );
  }
  const misnamed = checkServerIdentity(hostname, certificate);
  if (misnamed) {
    return failed(
      tried,
      `It is for ${certificate.subjectaltname?.replaceAll('DNS:', '') ?? 'another name'}.`,
      `Give the CDN a certificate for ${hostname}, and that name (CloudFront: alternate domain names).`,
    );
  }
  if (distrust !== undefined) {
    return failed(
      tried,
      `Browsers do not trust it (${distrust}).`,
      'Use a certificate of a public authority with its whole chain; of one of your own, name the file in NODE_EXTRA_CA_CERTS.',
    );
  }
  return days < RENEWAL_DAYS
    ? warned(tried, `It expires on ${day}, in ${days} ${days === 1 ? 'day' : 'days'}.`, 'See why it was not renewed.')
    : passed(`until ${day}, in ${days} days`);
}

async function checkHttpRedirect(setUp: SetUp): Promise<Finding> {
  const { protocol, hostname, port, pathname } = new URL(setUp.probes.first.url);
  if (protocol === 'http:' || port !== '') {
    return unchecked('the CDN is not on the usual ports');
  }
  const plain = `http://${hostname}${pathname}`;
  const tried = `${plain} was asked for.`;
  const cure = 'Redirect HTTP to HTTPS (CloudFront: viewer protocol policy).';
  try {
    const { status, headers } = await get(setUp, plain);
    const { location = '' } = headers;
    if ([301, 302, 307, 308].includes(status) && location.startsWith(`https://${hostname}/`)) {
      return passed(String(status));
    }
    return [403, 426].includes(status)
      ? warned(tried, `It is refused (${status}).`, cure)
      : failed(tried, `The answer is ${inWords(status, location)}, and no redirect to HTTPS.`, cure);
  } catch (error) {
    return warned(tried, `There is no answer (${codeOf(error)}).`, cure);
  }
}

async function checkAnswers(setUp: SetUp): Promise<Finding> {
  const { origin, hostname } = new URL(setUp.config.cdnUrl);
  try {
    const { status } = await get(setUp, `${origin}/`);
    return passed(String(status));
  } catch (error) {
    return failed(
      `${origin}/ was asked for.`,
      `There is no answer (${codeOf(error)}), though ${hostname} shows its certificate.`,
      'See what stands there: it takes connections and does not answer requests. Is it the distribution, and is that enabled?',
    );
  }
}

async function checkNoListing(setUp: SetUp): Promise<Finding> {
  const { cdnUrl, tenantPrefix } = setUp.config;
  const places = [...new Set([`${new URL(cdnUrl).origin}/`, `${[cdnUrl, tenantPrefix].filter(Boolean).join('/')}/`])];
  for (const place of places) {
    const { body } = await get(setUp, place);
    if (/<ListBucketResult|<ListAllMyBucketsResult/.test(body.toString('latin1'))) {
      return failed(
        `${place} was asked for.`,
        'The CDN shows the list of all files in the bucket.',
        'Set a default root object that does not exist (CloudFront: index.html).',
      );
    }
  }
  return passed('shows no list of files');
}

/** What is asked for before it is there, now and in `checkAskedTooEarly`. */
const earlyOf = ({ probes }: SetUp) => probes.beside(probes.first.path.replace(/\.png$/, '-early.png'));

async function checkMissingFile(setUp: SetUp): Promise<Finding> {
  const { url } = earlyOf(setUp);
  const { status, headers } = await viaCdn(setUp, url);
  const tried = `${url} was asked for, which does not exist.`;
  if (status === 404) {
    return passed('404');
  }
  if (status === 403) {
    const { bucket } = setUp.config;
    return failed(
      tried,
      'The answer is 403, as S3 gives it to who may not list the bucket.',
      `Add this to the statement of the bucket's policy that lets the CDN read, with the same principal and condition:\n${statement(['s3:ListBucket'], arnOf(bucket))}`,
    );
  }
  return failed(
    tried,
    `The answer is ${inWords(status, headers.location)}.`,
    status >= 500
      ? 'The CDN cannot reach the bucket: check the domain name of its origin.'
      : 'Let the CDN pass on the 404 of the bucket: no error page with another status, no redirect.',
  );
}

function checkBytes(setUp: SetUp): Promise<Finding> {
  return eachProbe(setUp, async ({ url, key, config }) => {
    const { status, headers, body } = await viaCdn(setUp, url);
    const tried = `${key} was put into the bucket, and asked for at ${url}.`;
    if (status === 200) {
      return body.equals(setUp.probes.bytes)
        ? passed(setUp.probes.all.map(({ feature }) => feature).join(', '))
        : failed(
            tried,
            `Other bytes came back (${headers['content-type'] ?? 'without a type'}, ${body.length} in place of ${setUp.probes.bytes.length}).`,
            /html/.test(headers['content-type'] ?? '')
              ? `${new URL(url).host} shows a page: lead it to the CDN of the bucket.`
              : 'Switch off what changes pictures on the way (optimization, compression of pictures, watermarks): Ghost makes the sizes.',
          );
    }
    const origin = config.endpoint ? 'the bucket' : `${config.bucket}.s3.${config.region ?? 'REGION'}.amazonaws.com`;
    if (status === 404) {
      return failed(
        tried,
        'The answer is 404: the CDN reads another bucket, or another path in it.',
        `Set the domain name of the CDN's origin to ${origin}, without an origin path. Are two buckets swapped?`,
      );
    }
    if (status === 403) {
      return failed(
        tried,
        'The answer is 403: the CDN may not read this file, or reads another bucket.',
        `Check that its origin is ${origin} with origin access control, and that the bucket's policy has, for cloudfront.amazonaws.com:\n${statement(['s3:GetObject'], arnOf(config.bucket, `${config.staticFileURLPrefix}/*`))}`,
      );
    }
    return failed(
      tried,
      `The answer is ${inWords(status, headers.location)}.`,
      status >= 500
        ? `The CDN cannot reach its origin: check that it is ${origin}.`
        : 'Let the CDN answer with the file itself.',
    );
  });
}

async function checkSecurityHeaders(setUp: SetUp): Promise<Finding> {
  const { url, feature } = setUp.probes.first;
  const { headers } = await viaCdn(setUp, url);
  const missing = [
    ...(headers['x-content-type-options'] === 'nosniff' ? [] : ['X-Content-Type-Options: nosniff']),
    // Ghost takes SVGs as pictures, and an SVG can hold scripts.
    ...(feature !== 'images' || isInert(headers['content-security-policy'])
      ? []
      : [`Content-Security-Policy: ${INERT_POLICY}`]),
  ];
  return missing.length === 0
    ? passed('sent')
    : warned(
        `The headers of ${url} were read.`,
        `The CDN does not send ${missing.join(' and ')}: scripts in an uploaded file may run under its domain.`,
        'Send it (CloudFront: a response headers policy, as in infrastructure/template.yaml).',
      );
}

/** Whether scripts in a file that is opened on its own do not run. */
const isInert = (policy: Answer['headers'][string]): boolean =>
  /\bsandbox\b(?!.*allow-scripts)|(default|script)-src 'none'/.test([policy].flat().join());

async function checkRanges(setUp: SetUp): Promise<Finding> {
  const { probes } = setUp;
  const { status, body } = await get(setUp, probes.first.url, { range: 'bytes=10-19' });
  return status === 206 && body.equals(probes.bytes.subarray(10, 20))
    ? passed('206')
    : failed(
        `Ten bytes of ${probes.first.url} were asked for.`,
        `The answer is ${status} with ${body.length} bytes.`,
        'Let the CDN answer ranges: without them videos do not play in Safari, nor can be wound.',
      );
}

async function checkNotModified(setUp: SetUp): Promise<Finding> {
  const { url } = setUp.probes.first;
  const { headers } = await viaCdn(setUp, url);
  const { etag } = headers;
  const status = etag && (await get(setUp, url, { 'if-none-match': etag })).status;
  return status === 304
    ? passed('304')
    : warned(
        `${url} was asked for once more, with its tag.`,
        etag ? `The answer is ${status}, and not 304.` : 'The CDN sends no ETag.',
        'Let the CDN pass on the ETag of the bucket.',
      );
}

async function checkHit(setUp: SetUp): Promise<Finding> {
  if (setUp.isOwnCdn) {
    return unchecked('the blog is its own CDN');
  }
  const { url } = setUp.probes.first;
  let headers: Answer['headers'] = {};
  for (let asks = 0; asks < ASKS_FOR_A_HIT; asks += 1) {
    ({ headers } = await get(setUp, url));
    const word = cacheWordOf(headers);
    if (/\bhit\b/i.test(word ?? '') || Number(headers.age) > 0) {
      return passed(word ?? `Age ${headers.age}`);
    }
  }
  const word = cacheWordOf(headers);
  const tried = `${url} was asked for ${ASKS_FOR_A_HIT} times more.`;
  const cure = 'Let the CDN cache what is below /content (CloudFront: the cache policy CachingOptimized).';
  return word === undefined
    ? warned(tried, 'Nothing tells that it came from a cache (no X-Cache, no Age).', cure)
    : failed(tried, `It never came from the cache (${word}): each visitor is served by the bucket.`, cure);
}

async function checkAskedTooEarly(setUp: SetUp): Promise<Finding> {
  const { key, url } = earlyOf(setUp);
  const { bucket, headers } = setUp.probes.first;
  setUp.probes.expect(key);
  await bucket.put(key, setUp.probes.bytes, headers, false);
  const begin = Date.now();
  const secondsSince = () => Math.round((Date.now() - begin) / 1000);
  for (;;) {
    const { status } = await get(setUp, url);
    if (status === 200) {
      return passed(`there after ${secondsSince()} s`);
    }
    if (Date.now() - begin > setUp.patienceMs) {
      return failed(
        `${url} was asked for before and after it was put into the bucket.`,
        `After ${secondsSince()} s the answer is still ${status}: the CDN remembers for long that something is not there.`,
        'Let the CDN keep errors for a minute at most (CloudFront: error caching minimum TTL of 403 and 404).',
      );
    }
    await sleep(Math.min(PAUSE_MS, setUp.patienceMs), undefined, { signal: setUp.signal });
  }
}

/** What a CDN says of its cache: CloudFront, Fastly and KeyCDN; Cloudflare; nginx as it is mostly configured. */
function cacheWordOf(headers: Answer['headers']): string | undefined {
  const word =
    headers['x-cache'] ?? headers['cf-cache-status'] ?? headers['x-cache-status'] ?? headers['x-proxy-cache'];
  return word === undefined ? undefined : String(word);
}

function sameDirectives(one: string, other: string): boolean {
  const sorted = (text: string) =>
    text
      .toLowerCase()
      .split(/\s*,\s*/)
      .sort()
      .join();
  return sorted(one) === sorted(other);
}
