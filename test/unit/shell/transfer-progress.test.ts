import { setTimeout as sleep } from 'node:timers/promises';
import { openTerminal } from '../../../src/shell/terminal';
import { showTransfer, type TransferProgress } from '../../../src/shell/transfer-progress';
import { listenToOutput, type WrittenOutput } from '../../support/written-output';

describe('on a terminal', () => {
  const { isTTY, columns } = process.stdout;
  let written: WrittenOutput;
  let progress: TransferProgress;
  beforeEach(() => {
    Object.assign(process.stdout, { isTTY: true, columns: 120 });
    jest.replaceProperty(process, 'env', { PATH: process.env.PATH });
    written = listenToOutput();
  });
  afterEach(() => {
    progress.stop();
    Object.assign(process.stdout, { isTTY, columns });
    jest.restoreAllMocks();
    process.removeAllListeners('SIGINT');
  });

  /** Waits until something is drawn. */
  async function drawn(pattern: RegExp): Promise<void> {
    while (!pattern.test(written.stdout)) {
      await sleep(20);
    }
  }

  test('a bar shows files, bytes, rate and the time left, and is gone afterwards', async () => {
    progress = showTransfer(openTerminal({}));
    progress.found(4, 4_000_000);
    progress.foundAll();
    progress.finished(1_000_000);
    progress.transferred(1_000_000);
    await drawn(/█{6}░{18} 1 of 4 files, 1\.0 MB of 4\.0 MB, [\d.,]+ MB\/s, \d+ s left/);
    progress.stop();
    const { length } = written.stdout;
    await sleep(200);
    expect(written.stdout).toHaveLength(length);
  });

  test('while files are still being counted, there is no bar, total or time, and then there are', async () => {
    progress = showTransfer(openTerminal({}));
    progress.found(3_412, 2_100_000_000);
    progress.finished(1_000_000);
    progress.transferred(1_000_000);
    await drawn(/counting… 3,412 files \(2\.1 GB\) found so far, 1 done, [\d.,]+ MB\/s/);
    expect(written.stdout).not.toMatch(/█|░| of | left/);
    progress.foundAll();
    await drawn(/░ 1 of 3,412 files, 1\.0 MB of 2\.1 GB, [\d.,]+ MB\/s, .+ left/);
  });

  test('a large file moves the bar while it is sent, where its pieces are told', async () => {
    progress = showTransfer(openTerminal({}), 'pieces');
    progress.found(1, 2_000_000_000);
    progress.foundAll();
    progress.transferred(1_000_000_000);
    await drawn(/█{12}░{12} 0 of 1 file, 1\.0 GB of 2\.0 GB/);
  });

  test('no time is shown after the first bytes of the first file, which would be days', async () => {
    progress = showTransfer(openTerminal({}), 'pieces');
    progress.found(8, 8_000_000);
    progress.foundAll();
    progress.transferred(2);
    await drawn(/0 of 8 files, 0\.0 MB of 8\.0 MB, 0\.0 MB\/s/);
    expect(written.stdout).not.toContain('left');
    progress.transferred(100_000);
    await drawn(/0 of 8 files, 0\.1 MB of 8\.0 MB, [\d.,]+ MB\/s, .+ left/);
  });

  test('what came after the count is not more than everything', async () => {
    progress = showTransfer(openTerminal({}));
    progress.found(1, 1_000_000);
    progress.foundAll();
    progress.finished(1_000_000);
    progress.finished(9_000_000);
    await drawn(/█{24} 2 of 2 files, 10 MB of 10 MB/);
  });
});

test('without a terminal, the same text comes as a line every few seconds', () => {
  jest.useFakeTimers({ doNotFake: ['performance'] });
  const written = listenToOutput();
  const progress = showTransfer(openTerminal({}));
  try {
    progress.found(2, 2_000_000);
    jest.advanceTimersByTime(5_000);
    progress.foundAll();
    progress.finished(1_000_000);
    jest.advanceTimersByTime(5_000);
    expect(written.stdout).toMatch(/^counting… 2 files .*\n1 of 2 files, .* left\n$/);
  } finally {
    progress.stop();
    written.restore();
    jest.useRealTimers();
    process.removeAllListeners('SIGINT');
  }
});
