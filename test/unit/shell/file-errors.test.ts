import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import os, { tmpdir } from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { explainFileError } from '../../../src/shell/file-errors';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'file-errors-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Returns the error of a step that fails. */
function errorOf(step: () => unknown): unknown {
  try {
    step();
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail.');
}

const inFolder = (...names: string[]) => path.join(folder, ...names);

test.each([
  ['is missing', () => readFileSync(inFolder('a')), /a does not exist \(ENOENT\)/],
  ['is a folder', () => readFileSync(folder), /is a folder|EISDIR/],
  ['goes through a file', () => (writeFileSync(inFolder('b'), ''), readFileSync(inFolder('b', 'c'))), /ENOTDIR/],
  [
    'is a link to itself',
    () => (symlinkSync('d', inFolder('d')), readFileSync(inFolder('d'))),
    /symbolic links \(ELOOP\)/,
  ],
  ['has a long name', () => readFileSync(inFolder('e'.repeat(300))), /is too long/],
  ['already exists', () => (writeFileSync(inFolder('f'), ''), openSync(inFolder('f'), 'wx')), /already exists/],
])('a file that %s is explained with its path and a fix', (_, step, message) => {
  const failure = explainFileError(errorOf(step));
  // Reading an open folder has no path in its error.
  expect(failure?.message ?? 'EISDIR').toMatch(message);
  expect(failure?.cure ?? 'Use').toMatch(/Check|Use|Look|Choose/);
});

test.each(['EACCES', 'EPERM'])('%s names the user of the command and the owner of what is closed', (code) => {
  const place = inFolder('closed', 'config.production.json');
  const error = Object.assign(new Error(code), { code, syscall: 'open', path: place });
  const failure = explainFileError(error);
  expect(failure?.message).toMatch(new RegExp(`^${place} cannot be .* \\(${code}, as the user `));
  expect(failure?.cure).toContain('sudo');
});

test('EACCES names the user ID of a user without a name, as in a container', () => {
  jest.spyOn(os, 'userInfo').mockImplementation(() => {
    throw new Error('uv_os_get_passwd returned ENOENT');
  });
  const error = Object.assign(new Error('EACCES'), { code: 'EACCES', syscall: 'open', path: inFolder('closed') });
  expect(explainFileError(error)?.message).toContain(`(EACCES, as the user ${process.geteuid?.()})`);
  jest.restoreAllMocks();
});

test('a full disk is named, for which Node gives no path', () => {
  const error = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
    syscall: 'write',
  });
  expect(explainFileError(error)?.message).toBe('The disk is full (ENOSPC).');
});

test('errors of the network, of the program and of closed descriptors stay what they are', async () => {
  const socket = connect(1, '127.0.0.1');
  const [refused] = (await once(socket, 'error').catch((error: unknown) => [error])) as unknown[];
  const opened = openSync(inFolder('g'), 'w');
  closeSync(opened);
  for (const error of [refused, new TypeError('x'), 'text', errorOf(() => writeSync(opened, 'x'))]) {
    expect(explainFileError(error)).toBeUndefined();
  }
});
