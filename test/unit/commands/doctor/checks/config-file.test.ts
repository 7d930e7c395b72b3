import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, lchownSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type CheckReport, runChecks } from '../../../../../src/commands/doctor/check';
import { CHECKS } from '../../../../../src/commands/doctor/checks';
import { DoctorContext } from '../../../../../src/commands/doctor/context';
import { isRoot } from '../../../../../src/shell/owner-rights';

const NOBODY = 65534;
/** The checks that read the configuration file. */
const NAMES = ['file', 'secrets'];

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'doctor-file-'));
  chmodSync(folder, 0o755);
  file = path.join(folder, 'config.production.json');
  writeFileSync(file, JSON.stringify({ url: 'https://blog.example.com' }));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the checks of the file, in whose place something else is put after the command has found Ghost. */
async function checkAfter(swap: () => void): Promise<CheckReport[]> {
  const network = {
    lookup: () => Promise.resolve([]),
    canonicalNameOf: () => Promise.resolve(undefined),
    connect: () => {
      throw new Error('Nobody is to be reached.');
    },
  };
  const { signal } = new AbortController();
  const context = new DoctorContext({ ghost: folder }, { network, signal, environment: {} });
  rmSync(file);
  swap();
  const checks = CHECKS.filter(({ name }) => NAMES.includes(name)).map((check) => ({ ...check, needs: [] }));
  return runChecks(checks, context, { started: () => undefined, finished: () => undefined });
}

const expectRefusal = (reports: CheckReport[], found: RegExp) =>
  expect(reports.map(({ result, found: text, cure }) => [result, text, cure])).toEqual(
    NAMES.map(() => ['failed', expect.stringMatching(found), expect.not.stringContaining('--debug')]),
  );

test('doctor waits for no FIFO in place of the configuration file, and names it', async () => {
  const swap = () => {
    execFileSync('mkfifo', [file]);
    // A program that reads it would get this after a while.
    spawn('sh', ['-c', `for n in 1 2 3; do sleep 1; echo '{}' > ${file}; done`], { stdio: 'ignore' }).unref();
  };
  expectRefusal(await checkAfter(swap), /is a FIFO/);
});

(isRoot() ? test : test.skip)('doctor run by root reads no file of root through a link of another user', async () => {
  const ofRoot = mkdtempSync(path.join(tmpdir(), 'of-root-'));
  const secret = path.join(ofRoot, 'secret');
  writeFileSync(secret, '{"secret":true}', { mode: 0o600 });
  lchownSync(folder, NOBODY, NOBODY);
  const swap = () => {
    symlinkSync(secret, file);
    lchownSync(file, NOBODY, NOBODY);
  };
  expectRefusal(await checkAfter(swap), /is a link owned by the user 65534/);
  rmSync(ofRoot, { recursive: true });
});
