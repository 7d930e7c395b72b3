import { parseConfig } from '../../../src/core/config';
import { Bucket } from '../../../src/core/s3/bucket';
import { listPage, type PageRequest } from '../../../src/core/s3/list-page';
import { Listing } from '../../../src/ghost-site/bucket-listing';

jest.mock('../../../src/core/s3/list-page');

const KEYS = ['2013/a', '2026/b', 'size/w1/a', 'size/w1/b', 'size/w2/a', 'size/w2/b', 'size/w3/a', 'thumb'].map(
  (path) => `content/images/${path}`,
);

let requests: PageRequest[];

beforeEach(() => {
  requests = [];
  jest.mocked(listPage).mockImplementation((_config, request) => {
    requests.push(request);
    const { token, startAfter = token } = request;
    const left = KEYS.filter((key) => startAfter === undefined || key > startAfter);
    const objects = left.slice(0, 3).map((key) => ({ key, bytes: 1, etag: '' }));
    return Promise.resolve({ objects, isTruncated: left.length > 3, nextToken: objects.at(-1)?.key });
  });
});

async function list(options: object, leftOut?: string): Promise<string[]> {
  const { config } = parseConfig({ bucket: 'blog-images', cdnUrl: 'https://images.example.com', ...options });
  const location = { bucket: new Bucket(config), config };
  const keys: string[] = [];
  for await (const { key } of new Listing(location, 'content/images/', { pausesMs: [0] }, leftOut)) {
    keys.push(key);
  }
  return keys;
}

test('AWS is not asked for all image sizes where they do not matter, and what comes after them is listed', async () => {
  const keys = await list({ region: 'eu-central-1' }, 'content/images/size/');
  expect(keys).toEqual([...KEYS.slice(0, 3), 'content/images/thumb']);
  expect(requests).toHaveLength(2);
});

test('another service lists everything, as it may ignore where to continue', async () => {
  expect(await list({ endpoint: 'https://s3.example.com' }, 'content/images/size/')).toEqual(KEYS);
});

test('without anything to leave out, everything is listed', async () => {
  expect(await list({ region: 'eu-central-1' })).toEqual(KEYS);
});
