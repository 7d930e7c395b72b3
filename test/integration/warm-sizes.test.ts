import { startCdnStandIn } from '../support/cdn-stand-in';
import { startGhostStandIn } from '../support/doctor/ghost-stand-in';
import { useBucket } from '../support/use-bucket';
import { runCommand, useWarmBlog, writeConfig } from '../support/warm/command';

const bucket = useBucket({ inMemory: true });
const site = useWarmBlog();

test('after warm, Ghost has created every size that pages show, and visitors get them from the cache', async () => {
  const { endpoint, region, credentials } = bucket.server;
  const secret = 'a-secret-between-the-cdn-and-ghost';
  const cdn = await startCdnStandIn({
    hostname: '127.0.0.1',
    s3: { endpoint, region, bucket: bucket.name, credentials },
  });
  const options = bucket.options({ cdnUrl: cdn.url, cdnFallbackSecret: secret });
  const ghost = await startGhostStandIn({ adapters: { images: options, media: options, files: options } });
  cdn.setGhost({ url: `http://127.0.0.1:${ghost.port}`, fallbackSecret: secret });
  try {
    await bucket.put('content/images/2026/11/lake.jpg', 'the bytes of a photo', { ContentType: 'image/jpeg' });
    const size = (width: number, format = '') => `content/images/size/w${width}${format}/2026/11/lake.jpg`;
    site.blog.publish(
      '/',
      `<img src="${cdn.url}/${size(600)}" srcset="${cdn.url}/${size(300)} 300w, ${cdn.url}/${size(1000)} 1000w">
       <img src="${cdn.url}/${size(600).replace('lake', 'missing')}">`,
    );
    writeConfig(site, site.blog.url, options);

    const { result } = await runCommand(site);

    expect(result).toMatchObject({ sizes: { count: 3 }, failures: [{ reason: 'answered 404' }] });
    const keys = await bucket.keys();
    const both = [300, 600, 1000].flatMap((width) => [size(width), size(width, '/format/webp')]);
    expect(keys).toEqual(['content/images/2026/11/lake.jpg', ...both].sort());
    cdn.requests.length = 0;
    await fetch(`${cdn.url}/${size(300)}`);
    await fetch(`${cdn.url}/${size(300)}`, { headers: { accept: 'image/webp,*/*' } });
    const fromCache = { status: 200, cache: 'hit', origin: 'none' };
    expect(cdn.requests).toMatchObject([
      { ...fromCache, contentType: 'image/jpeg' },
      { ...fromCache, contentType: 'image/webp' },
    ]);
  } finally {
    await Promise.all([cdn.close(), ghost.close()]);
  }
});
