import { readFile, writeFile } from 'node:fs/promises';
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

/** What was made in this process: a test file asks for the same few over and over. */
const made = new Map<string, Promise<Pick<Certificate, 'cert' | 'key'>>>();

/**
 * Creates a self-signed certificate.
 *
 * @param days until it expires; -1 for one that has expired
 * @param folder for its files
 */
export async function makeCertificate(hostname: string, days: number, folder: string): Promise<Certificate> {
  const name = `${hostname}-${days}`;
  const making = made.get(name) ?? makeInto(folder, hostname, days);
  made.set(name, making);
  const { cert, key } = await making;
  const [certificateFile, keyFile] = [join(folder, `${name}-certificate.pem`), join(folder, `${name}-key.pem`)];
  await Promise.all([writeFile(certificateFile, cert), writeFile(keyFile, key, { mode: 0o600 })]);
  return { cert, key, certificateFile, keyFile };
}

async function makeInto(folder: string, hostname: string, days: number): Promise<Pick<Certificate, 'cert' | 'key'>> {
  const file = (name: string) => join(folder, `new-${hostname}-${days}-${name}.pem`);
  const run = (...args: string[]) => runCommand('openssl', args, { cwd: folder });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file('key')];
  const names = ['-subj', `/CN=${hostname}`, '-addext', `subjectAltName=DNS:${hostname}`];
  await run('req', ...newKey, ...names, '-out', file('request'));
  // `req -x509` alone cannot create one that has expired.
  const validity = ['-days', String(days), '-copy_extensions', 'copy'];
  await run('x509', '-req', '-in', file('request'), '-signkey', file('key'), ...validity, '-out', file('certificate'));
  const [cert, key] = await Promise.all([readFile(file('certificate'), 'utf8'), readFile(file('key'), 'utf8')]);
  return { cert, key };
}
