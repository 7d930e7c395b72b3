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

test('a buffer for a part of the default size is not rounded up', async () => {
  const settings = config({ uploadMemoryBytes: 6 * MIB });
  const { buffer, giveBack } = await takeBuffer(settings, 6 * MIB - 1);
  expect(buffer.buffer.byteLength).toBe(6 * MIB);
  giveBack(true);
});

test('kept buffers make room for one of another size, so that all together stay below the limit', async () => {
  const settings = config({ uploadMemoryBytes: 6 * MIB });
  const small = await Promise.all([1, 2, 3].map(() => takeBuffer(settings, 2 * MIB)));
  const kept = small.map(({ buffer }) => buffer.buffer);
  small.forEach(({ giveBack }) => giveBack(true));
  (await takeBuffer(settings, 4 * MIB)).giveBack(true);
  const again = await Promise.all([1, 2, 3].map(() => takeBuffer(settings, 2 * MIB)));
  expect(again.filter(({ buffer }) => kept.includes(buffer.buffer))).toHaveLength(1);
  again.forEach(({ giveBack }) => giveBack(true));
});

test('memory that the machine does not have is not counted as used', async () => {
  const settings = config({ uploadMemoryBytes: 6 * MIB });
  const allocate = jest.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation(() => {
    throw new RangeError('Array buffer allocation failed');
  });
  await expect(takeBuffer(settings, 5 * MIB)).rejects.toThrow('allocation failed');
  allocate.mockRestore();
  (await takeBuffer(settings, 5 * MIB)).giveBack(true);
});
