import { parseConfig } from '../../src/core/config';
import { Bucket } from '../../src/core/s3/bucket';
import { connect } from '../../src/core/s3/client';
import { useBucket } from '../support/use-bucket';

const bucket = useBucket({ inMemory: true });

test('requests that visitors may end cost no more than others: the SDK builds its middleware once for all of them', async () => {
  const { config } = parseConfig(bucket.options());
  const inBucket = new Bucket(config);
  await bucket.put('content/images/x.jpg', 'bytes');
  const { client } = await connect(config, 'no-answer');
  let built = 0;
  client.middlewareStack.add(
    (next) => {
      built += 1;
      return next;
    },
    { step: 'build', name: 'countBuilds' },
  );
  for (let visitor = 0; visitor < 5; visitor += 1) {
    const { Body } = await inBucket.getFor(new AbortController().signal, 'content/images/x.jpg', {});
    expect(Buffer.concat(await Body.toArray()).toString()).toBe('bytes');
  }
  expect(built).toBe(1);
});

test('the requests of a visitor share one signal: no other AbortController is created for them', async () => {
  const { config } = parseConfig(bucket.options());
  const inBucket = new Bucket(config);
  await bucket.put('content/images/x.jpg', 'bytes');
  const visitor = new AbortController();
  const read = async () => (await inBucket.getFor(visitor.signal, 'content/images/x.jpg', {})).Body.toArray();
  await read();
  const create = jest.spyOn(globalThis, 'AbortController');
  await read();
  expect(create).not.toHaveBeenCalled();
  create.mockRestore();
});
