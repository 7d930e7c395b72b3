import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../ghost/run-command';

export interface Certificate {
  /** PEM; it vouches for itself, and so is also the authority to trust. */
  cert: string;
  key: string;
  /** Where the two are. */
  certificateFile: string;
  keyFile: string;
}

/**
 * Makes a certificate.
 *
 * @param hostname that it is for
 * @param days until it expires; -1 for one that has expired
 * @param folder where its files go
 */
export async function makeCertificate(hostname: string, days: number, folder: string): Promise<Certificate> {
  const file = (name: string) => join(folder, `${hostname}-${days}-${name}.pem`);
  const run = (...args: string[]) => runCommand('openssl', args, { cwd: folder });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file('key')];
  const names = ['-subj', `/CN=${hostname}`, '-addext', `subjectAltName=DNS:${hostname}`];
  await run('req', ...newKey, ...names, '-out', file('request'));
  // In two steps: one alone makes none that has expired.
  const validity = ['-days', String(days), '-copy_extensions', 'copy'];
  await run('x509', '-req', '-in', file('request'), '-signkey', file('key'), ...validity, '-out', file('certificate'));
  const [certificateFile, keyFile] = [file('certificate'), file('key')];
  const [cert, key] = await Promise.all([readFile(certificateFile, 'utf8'), readFile(keyFile, 'utf8')]);
  return { cert, key, certificateFile, keyFile };
}
