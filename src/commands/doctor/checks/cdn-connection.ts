import { checkServerIdentity } from 'node:tls';
import { type CheckResult, failed, passed, unchecked, warned } from '../check';
import type { DoctorContext } from '../context';
import { networkCodeOf } from '../../../core/network-code';
import { connectTls, portOf, statusText, type TlsConnection } from '../network';

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
    return passed(`the proxy ${proxy.shown} looks up ${hostname}`);
  }
  try {
    const [addresses, name] = await Promise.all([network.lookup(hostname), network.canonicalNameOf(hostname)]);
    return passed(name ? `${hostname} points to ${name}` : `${hostname} points to ${addresses.slice(0, 2).join(', ')}`);
  } catch (error) {
    return failed(
      `The command looked up ${hostname} in DNS.`,
      `${hostname} does not resolve (${networkCodeOf(error)}).`,
      'Create a CNAME record for it that points to the distribution (d….cloudfront.net), or wait until a new record is visible. provision status shows both.',
    );
  }
}

/** Checks that the CDN supports current TLS versions, and no others. */
export const checkTls = overTls(async (context, hostname) => {
  const { network, config } = context;
  const port = portOf(config.cdnUrl);
  const tried = `The command opened a TLS connection to ${hostname}:${port}.`;
  const old = await connectTls(network, hostname, port, {
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    // OpenSSL's default level disables both versions.
    ciphers: 'DEFAULT@SECLEVEL=0',
  }).catch(() => undefined);
  const cure = 'Set the minimum TLS version to 1.2 (CloudFront: security policy TLSv1.2_2025).';
  try {
    const { protocol: version } = await connectAsBrowser(context);
    return old ? warned(tried, `The CDN still accepts old TLS versions (${old.protocol}).`, cure) : passed(version);
  } catch (error) {
    const code = networkCodeOf(error);
    return old || VERSION_ERRORS.test(code)
      ? failed(tried, `The CDN supports only ${old?.protocol ?? 'old TLS versions'}, which browsers refuse.`, cure)
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
  const tried = `The command read the certificate of ${hostname}.`;
  const until = new Date(certificate.valid_to);
  const day = until.toISOString().slice(0, 10);
  const days = Math.floor((until.getTime() - Date.now()) / DAY_MS);
  if (until.getTime() < Date.now()) {
    return failed(
      tried,
      `The certificate of ${hostname} expired on ${day}.`,
      'Renew it. ACM renews it as long as its CNAME record for validation is in DNS. provision status shows this record.',
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
      'Use a certificate from a public authority with its whole chain. For your own authority, set NODE_EXTRA_CA_CERTS to the file with its certificate.',
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
    ? passed('the CDN supports HTTP/2')
    : warned(
        'The command offered HTTP/2 to the CDN.',
        'The CDN does not support HTTP/2, so pages with many images load slowly.',
        'Turn on HTTP/2 (CloudFront: supported HTTP versions).',
      );
});

/** Checks that the CDN redirects HTTP to HTTPS. */
export async function checkHttpRedirect(context: DoctorContext): Promise<CheckResult> {
  const { protocol, hostname, port, pathname } = new URL(context.probes.first.url);
  if (protocol === 'http:' || port !== '') {
    return unchecked('the CDN does not use the usual ports');
  }
  const plain = `http://${hostname}${pathname}`;
  const tried = `The command requested ${plain}.`;
  const cure = 'Redirect HTTP to HTTPS (CloudFront: viewer protocol policy).';
  try {
    const answer = await context.get(plain);
    const { status, headers } = answer;
    if ([301, 302, 307, 308].includes(status) && headers.location?.startsWith(`https://${hostname}/`)) {
      return passed('the CDN redirects http to https', String(status));
    }
    return [403, 426].includes(status)
      ? warned(tried, `The CDN refuses http links (${status}) instead of redirecting them to https.`, cure)
      : failed(
          tried,
          `The CDN answers http links with ${statusText(answer)} instead of redirecting them to https.`,
          cure,
        );
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
      `The command requested ${origin}/.`,
      `${hostname} does not answer requests (${networkCodeOf(error)}), although it accepts TLS connections.`,
      'Check which server this is: it accepts connections, but does not answer requests. If it is the distribution, check that it is enabled.',
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
