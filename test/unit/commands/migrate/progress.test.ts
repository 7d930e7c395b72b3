import { setTimeout as sleep } from 'node:timers/promises';
import { showProgress } from '../../../../src/commands/migrate/progress';
import { openTerminal } from '../../../../src/shell/terminal';
import { listenToOutput, type WrittenOutput } from '../../../support/written-output';

describe('on a terminal', () => {
  const { isTTY, columns } = process.stdout;
  let written: WrittenOutput;
  beforeEach(() => {
    Object.assign(process.stdout, { isTTY: true, columns: 120 });
    jest.replaceProperty(process, 'env', { PATH: process.env.PATH });
    written = listenToOutput();
  });
  afterEach(() => {
    Object.assign(process.stdout, { isTTY, columns });
    jest.restoreAllMocks();
    process.removeAllListeners('SIGINT');
  });

  test('a bar shows files, bytes, rate and the time left, and is gone afterwards', async () => {
    const terminal = openTerminal({});
    const progress = showProgress(terminal);
    progress.found(4, 4_000_000);
    progress.finished(1_000_000);
    progress.transferred(1_000_000);
    await sleep(400);
    progress.stop();
    expect(written.stdout).toMatch(/█{6}░{18} 1 of 4 files, 1\.0 MB of 4\.0 MB, [\d.]+ MB\/s, \d+ s left/);
    const { length } = written.stdout;
    await sleep(200);
    expect(written.stdout).toHaveLength(length);
  });
});
