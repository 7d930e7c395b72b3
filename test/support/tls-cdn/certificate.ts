import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../ghost/run-command';

const VALID_DAYS = 2;

export interface Certificate {
  /** Absolute paths, PEM. */
  certificateFile: string;
  keyFile: string;
  pem: string;
  /** The SHA-256 of the public key, in base64: what Chromium's `--ignore-certificate-errors-spki-list` takes. */
  publicKeyDigest: string;
}

/**
 * Makes a certificate that vouches for itself, so that the one file is also the authority to trust.
 *
 * @param hostname that it is for
 * @param folder where its files go
 */
export async function makeCertificate(hostname: string, folder: string): Promise<Certificate> {
  const certificateFile = join(folder, 'certificate.pem');
  const keyFile = join(folder, 'key.pem');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  const names = ['-subj', `/CN=${hostname}`, '-addext', `subjectAltName=DNS:${hostname}`];
  const validity = ['-days', String(VALID_DAYS)];
  await runCommand('openssl', ['req', '-x509', ...key, ...names, ...validity, '-out', certificateFile], {
    cwd: folder,
  });
  const pem = await readFile(certificateFile, 'utf8');
  const publicKey = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
  const publicKeyDigest = createHash('sha256').update(publicKey).digest('base64');
  return { certificateFile, keyFile, pem, publicKeyDigest };
}
