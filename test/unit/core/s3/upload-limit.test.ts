import type { Config } from '../../../../src/core/config';
import { inTurn, takeBuffer } from '../../../../src/core/s3/upload-limit';
import { MIB } from '../../../support/bytes';

const config = (settings: Partial<Config>) => settings as Config;

test('adapters with different settings share one limit of uploads, the largest', async () => {
  let running = 0;
  let most = 0;
  const finish: (() => void)[] = [];
  const upload = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise<void>((resolve) => finish.push(resolve));
    running -= 1;
  };
  const uploads = [2, 2, 2, 3, 3, 3, 1, 1].map((maxConcurrentUploads) =>
    inTurn(config({ maxConcurrentUploads }), 'file', upload),
  );
  const all = Promise.all(uploads);
  for (let ended = 0; ended < uploads.length;) {
    await new Promise(setImmediate);
    const next = finish.shift();
    next?.();
    ended += next ? 1 : 0;
  }
  await all;
  expect(most).toBe(3);
});

test('an upload of more bytes than all may take waits until it is alone, and not forever', async () => {
  const small = config({ uploadMemoryBytes: 6 * MIB });
  const first = await takeBuffer(small, 4 * MIB);
  let isTaken = false;
  const second = takeBuffer(small, 40 * MIB).then((taken) => {
    isTaken = true;
    return taken;
  });
  await new Promise(setImmediate);
  expect(isTaken).toBe(false);
  first.giveBack(true);
  const { buffer, giveBack } = await second;
  expect(buffer.byteLength).toBe(40 * MIB);
  giveBack(true);
});

test('memory is used again for the next upload, unless a request with it may still be on its way', async () => {
  const settings = config({ uploadMemoryBytes: 6 * MIB });
  const memoryOf = async (isSent: boolean) => {
    const { buffer, giveBack } = await takeBuffer(settings, 2 * MIB);
    giveBack(isSent);
    return buffer.buffer;
  };
  const sent = await memoryOf(true);
  expect(await memoryOf(false)).toBe(sent);
  expect(await memoryOf(true)).not.toBe(sent);
});
