import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './ghost/run-command';

export interface Certificate {
  /** PEM; it is self-signed, so it is also the authority to trust. */
  cert: string;
  key: string;
  /** Absolute paths of the two. */
  certificateFile: string;
  keyFile: string;
}

/**
 * Creates a self-signed certificate.
 *
 * @param days until it expires; -1 for one that has expired
 * @param folder for its files
 */
export async function makeCertificate(hostname: string, days: number, folder: string): Promise<Certificate> {
  const file = (name: string) => join(folder, `${hostname}-${days}-${name}.pem`);
  const run = (...args: string[]) => runCommand('openssl', args, { cwd: folder });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file('key')];
  const names = ['-subj', `/CN=${hostname}`, '-addext', `subjectAltName=DNS:${hostname}`];
  await run('req', ...newKey, ...names, '-out', file('request'));
  // `req -x509` alone cannot create one that has expired.
  const validity = ['-days', String(days), '-copy_extensions', 'copy'];
  await run('x509', '-req', '-in', file('request'), '-signkey', file('key'), ...validity, '-out', file('certificate'));
  const [certificateFile, keyFile] = [file('certificate'), file('key')];
  const [cert, key] = await Promise.all([readFile(certificateFile, 'utf8'), readFile(keyFile, 'utf8')]);
  return { cert, key, certificateFile, keyFile };
}
