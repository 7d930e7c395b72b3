import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { releaseLock, takeLock } from '../../../../src/commands/setup/run-lock';

let folder: string;
let lock: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'run-lock-'));
  lock = path.join(folder, 'run.lock');
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const owner = () => readFileSync(lock, 'utf8');

/** Has each process belong to another user. */
function hideProcesses(): void {
  jest.spyOn(process, 'kill').mockImplementation(() => {
    throw Object.assign(new Error(), { code: 'EPERM' });
  });
}

test("the lock of a run that has ended is free, also when another user's program has its number since", async () => {
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60_000)']);
  await once(other, 'spawn');
  writeFileSync(lock, String(other.pid));
  hideProcesses();
  expect(takeLock(folder, lock)).toBe(true);
  expect(owner()).toBe(String(process.pid));
  releaseLock(lock);
  expect(existsSync(lock)).toBe(false);
  jest.restoreAllMocks();
  other.kill();
  await once(other, 'exit');
});

test("the lock of another user's process whose command is not known is taken for that of a run", () => {
  // Above the largest number of a process.
  writeFileSync(lock, '99999999');
  hideProcesses();
  expect(() => takeLock(folder, lock)).toThrow('Another setup is running for this Ghost (process 99999999).');
});

test('a run keeps its lock that another one has moved away for a moment', () => {
  const link = fs.linkSync;
  jest.spyOn(fs, 'linkSync').mockImplementationOnce((from, to) => {
    link(from, to);
    rmSync(to);
  });
  expect(takeLock(folder, lock)).toBe(true);
  expect(owner()).toBe(String(process.pid));
});

test('no run continues without a lock where others take it away each time', () => {
  const link = fs.linkSync;
  jest.spyOn(fs, 'linkSync').mockImplementation((from, to) => {
    link(from, to);
    rmSync(to);
  });
  expect(() => takeLock(folder, lock)).toThrow('Other runs of setup are starting at the same time.');
});

test('a folder that takes no links has no lock', () => {
  jest.spyOn(fs, 'linkSync').mockImplementation(() => {
    throw Object.assign(new Error(), { code: 'EPERM' });
  });
  expect(takeLock(folder, lock)).toBe(false);
});
