import { checkServerIdentity } from 'node:tls';
import { type CheckResult, failed, passed, unchecked, warned } from '../check';
import type { DoctorContext } from '../context';
import { connectTls, networkCodeOf, portOf, statusText, type TlsConnection } from '../network';

/** When to warn that a certificate was not renewed: ACM does it 60 days before the end, Let's Encrypt 30. */
const RENEWAL_DAYS = 14;

const DAY_MS = 24 * 60 * 60 * 1000;

/** OpenSSL's errors for TLS versions that one side does not support. */
const VERSION_ERRORS = /UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|WRONG_VERSION|NO_PROTOCOLS_AVAILABLE/;

/** Checks that the CDN's host name resolves. */
export async function checkDns({ network, config: { cdnUrl } }: DoctorContext): Promise<CheckResult> {
  const { hostname } = new URL(cdnUrl);
  const proxy = (await network.proxies?.())?.proxyFor(cdnUrl);
  if (proxy) {
    return passed(`${hostname} is looked up by the proxy ${proxy.shown}`);
  }
  try {
    const [addresses, name] = await Promise.all([network.lookup(hostname), network.canonicalNameOf(hostname)]);
    return passed(name ? `${hostname} is ${name}` : `${hostname} is ${addresses.slice(0, 2).join(', ')}`);
  } catch (error) {
    return failed(
      `${hostname} was looked up.`,
      `${hostname} does not resolve (${networkCodeOf(error)}).`,
      'Create a CNAME record for it that points to the distribution (d….cloudfront.net), or wait until a new one is known: provision status shows both.',
    );
  }
}

/** Checks that the CDN supports current TLS versions, and no others. */
export const checkTls = overTls(async (context, hostname) => {
  const { network, config } = context;
  const port = portOf(config.cdnUrl);
  const tried = `A TLS connection to ${hostname}:${port} was opened.`;
  const old = await connectTls(network, hostname, port, {
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    // OpenSSL's default level disables both versions.
    ciphers: 'DEFAULT@SECLEVEL=0',
  }).catch(() => undefined);
  const cure = 'Set the minimum version of TLS to 1.2 (CloudFront: security policy TLSv1.2_2025).';
  try {
    const { protocol: version } = await connectAsBrowser(context);
    return old ? warned(tried, `The CDN still accepts old versions of TLS (${old.protocol}).`, cure) : passed(version);
  } catch (error) {
    const code = networkCodeOf(error);
    return old || VERSION_ERRORS.test(code)
      ? failed(tried, `The CDN speaks only ${old?.protocol ?? 'old versions of TLS'}, which browsers refuse.`, cure)
      : failed(
          tried,
          `${hostname} does not answer (${code}).`,
          `Check that ${hostname} points to the CDN, and that the CDN has this name (CloudFront: alternate domain names).`,
        );
  }
});

/** Checks that browsers trust the CDN's certificate, and that it does not expire soon. */
export const checkCertificate = overTls(async (context, hostname) => {
  const { certificate, distrust } = await connectAsBrowser(context);
  const tried = `The certificate of ${hostname} was read.`;
  const until = new Date(certificate.valid_to);
  const day = until.toISOString().slice(0, 10);
  const days = Math.floor((until.getTime() - Date.now()) / DAY_MS);
  if (until.getTime() < Date.now()) {
    return failed(
      tried,
      `The certificate of ${hostname} expired on ${day}.`,
      'Renew it. ACM renews it while its CNAME record for validation is in DNS: provision status shows it.',
    );
  }
  if (checkServerIdentity(hostname, certificate)) {
    return failed(
      tried,
      `The certificate of ${hostname} is for ${certificate.subjectaltname?.replaceAll('DNS:', '') ?? 'another name'}.`,
      `Give the CDN a certificate for ${hostname}, and that name (CloudFront: alternate domain names).`,
    );
  }
  if (distrust !== undefined) {
    return failed(
      tried,
      `Browsers do not trust the certificate of ${hostname} (${distrust}).`,
      'Use a certificate of a public authority with its whole chain. For an authority of your own, name its file in NODE_EXTRA_CA_CERTS.',
    );
  }
  return days < RENEWAL_DAYS
    ? warned(
        tried,
        `The certificate of ${hostname} expires on ${day}, in ${days} ${days === 1 ? 'day' : 'days'}.`,
        'Check why it was not renewed.',
      )
    : passed(`until ${day}, in ${days} days`);
});

/** Checks that the CDN supports HTTP/2. */
export const checkHttp2 = overTls(async (context) => {
  const { application } = await connectAsBrowser(context);
  return application === 'h2'
    ? passed('the CDN speaks HTTP/2')
    : warned(
        'HTTP/2 was offered to the CDN.',
        'The CDN does not speak HTTP/2: a page with many images loads slowly.',
        'Switch HTTP/2 on (CloudFront: supported HTTP versions).',
      );
});

/** Checks that the CDN redirects HTTP to HTTPS. */
export async function checkHttpRedirect(context: DoctorContext): Promise<CheckResult> {
  const { protocol, hostname, port, pathname } = new URL(context.probes.first.url);
  if (protocol === 'http:' || port !== '') {
    return unchecked('the CDN is not on the usual ports');
  }
  const plain = `http://${hostname}${pathname}`;
  const tried = `${plain} was requested.`;
  const cure = 'Redirect HTTP to HTTPS (CloudFront: viewer protocol policy).';
  try {
    const answer = await context.get(plain);
    const { status, headers } = answer;
    if ([301, 302, 307, 308].includes(status) && headers.location?.startsWith(`https://${hostname}/`)) {
      return passed('http is redirected to https', String(status));
    }
    return [403, 426].includes(status)
      ? warned(tried, `The CDN refuses http links (${status}) instead of redirecting them to https.`, cure)
      : failed(tried, `The CDN answers http links with ${statusText(answer)}, and no redirect to HTTPS.`, cure);
  } catch (error) {
    return warned(tried, `The CDN does not answer http links (${networkCodeOf(error)}).`, cure);
  }
}

/** Checks that the CDN answers requests, with any status. */
export async function checkAnswers(context: DoctorContext): Promise<CheckResult> {
  const { origin, hostname } = new URL(context.config.cdnUrl);
  try {
    const { status } = await context.get(`${origin}/`);
    return passed(`${origin}/ answers`, String(status));
  } catch (error) {
    return failed(
      `${origin}/ was requested.`,
      `${hostname} does not answer requests (${networkCodeOf(error)}), though it shows its certificate.`,
      'Check which server this is: it accepts connections and does not answer requests. Is it the distribution, and is that enabled?',
    );
  }
}

/** Returns a check of the CDN's TLS connections, which is given the host name. */
function overTls(check: (context: DoctorContext, hostname: string) => Promise<CheckResult>) {
  return async (context: DoctorContext): Promise<CheckResult> => {
    const { protocol, hostname } = new URL(context.config.cdnUrl);
    return protocol === 'http:' ? unchecked('the CDN is on this machine, without TLS') : check(context, hostname);
  };
}

/** Opens one connection, with the protocols that a browser offers, for all checks that need it. */
function connectAsBrowser(context: DoctorContext): Promise<TlsConnection> {
  const { network, config } = context;
  const { hostname } = new URL(config.cdnUrl);
  return context.once('TLS', () =>
    connectTls(network, hostname, portOf(config.cdnUrl), { ALPNProtocols: ['h2', 'http/1.1'] }),
  );
}
