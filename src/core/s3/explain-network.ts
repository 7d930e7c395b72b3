// Explains why the service did not answer.
import type { Config } from '../config';
import { S3_UNREACHABLE } from '../error-codes';
import { asForeign, NETWORK_CODES } from '../foreign-error';
import { placeOf } from '../option-origins';
import { codeOf } from './errors';
import type { Explanation } from './explain-answer';
import { placeOfEndpoint } from './places';
import { knownService } from './service';

/** Node's and OpenSSL's codes for a certificate that is not trusted: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const CERTIFICATE_CODES =
  /^(CERT_\w+|\w*SELF_SIGNED_CERT\w*|UNABLE_TO_\w+|CRL_\w+|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_\w+)$/;

/** Explains a failed name lookup, connection or TLS handshake; undefined for any other error. */
export function explainNetwork(error: unknown, config: Config, where: string): Explanation | undefined {
  const code = codeOf(error);
  const explanation = byCode(code, error, config);
  if (explanation) {
    return [S3_UNREACHABLE, `S3 cannot be reached (${code}): ${explanation[0]}.`, explanation[1]];
  }
  return code === 'TimeoutError' || NETWORK_CODES.includes(code)
    ? [
        S3_UNREACHABLE,
        `S3 cannot be reached (${code}): the ${where}.`,
        `Try again. If that does not help, check ${placeOfEndpoint(config)}, "region" and the network of this machine.`,
      ]
    : undefined;
}

function byCode(code: string, error: unknown, config: Config): [cause: string, help: string] | undefined {
  const { hostname = hostOf(config) } = asForeign(error);
  const takesBucket = knownService(config).endpoint !== undefined && !config.forcePathStyle;
  const pathStyle = `set "forcePathStyle" to true, which puts the bucket into the path instead of the host name`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    const help = `Correct ${placeOfEndpoint(config)} or the name server of this machine`;
    return takesBucket && hostname.startsWith(`${config.bucket}.`)
      ? [
          `the host "${hostname}" does not exist`,
          `If the host exists without "${config.bucket}." in front, ${pathStyle}. ${help}.`,
        ]
      : [`the host "${hostname}" does not exist`, `${help}, or ${placeOf('region')}.`];
  }
  if (CERTIFICATE_CODES.test(code)) {
    return [
      `the certificate of ${hostname} is not trusted`,
      `${causeOf(code, takesBucket ? ` or ${pathStyle}` : '')} For a certificate of your own authority, start Ghost (or this command) with NODE_EXTRA_CA_CERTS=/path/to/ca.pem.`,
    ];
  }
  return code === 'EPROTO' || /^ERR_SSL_/.test(code)
    ? [
        `${hostname} does not use TLS as expected`,
        `If the service has no TLS on this port, write http:// in ${placeOfEndpoint(config)}; otherwise correct the port, ` +
          'or set up TLS 1.2 or later there. For a certificate of your own authority, see NODE_EXTRA_CA_CERTS.',
      ]
    : undefined;
}

function causeOf(code: string, orPathStyle: string): string {
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return 'Renew it, or set the clock of this machine.';
  }
  return code.includes('ALTNAME') || code === 'HOSTNAME_MISMATCH'
    ? `It is for other hosts: add this host to it${orPathStyle}.`
    : 'It is self-signed, or Node does not trust its authority.';
}

function hostOf(config: Config): string {
  const { endpoint } = knownService(config);
  return endpoint ? new URL(endpoint).host : 'AWS';
}
