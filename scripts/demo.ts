// A whole blog on this machine: an in-memory S3, a CDN in front of it, and a real Ghost with the built adapter.
//
//   npm run demo              starts the blog, and runs until Ctrl-C
//   npm run demo -- --check   exits with 0 only if every file of the published post came from the CDN domain
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { startCdnStandIn } from '../test/support/cdn-stand-in';
import { fixture } from '../test/support/fixtures';
import { adapterConfig } from '../test/support/ghost/adapter-config';
import { AdminApi, OWNER } from '../test/support/ghost/admin-api';
import { freePort, startGhost } from '../test/support/ghost/boot';
import { installGhost } from '../test/support/ghost/install';
import { startInMemoryS3 } from '../test/support/in-memory-s3';
import { checkPublishedPage } from './check-published-page';

const BUCKET = 'demo-blog';

// The SDK in the CDN stand-in would warn that its 2027 versions need a newer Node.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const { values: options } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

function say(line = ''): void {
  console.log(line);
}

/** Publishes a post with uploads: a feature image, an image, a video and a file. */
async function publishPost(admin: AdminApi): Promise<{ url: string; uploads: [string, string][] }> {
  const feature = await admin.uploadImage(fixture('landscape.jpg', 'Überraschung am See.jpg'));
  const portrait = await admin.uploadImage(fixture('portrait.jpg'));
  const video = await admin.uploadMedia(fixture('clip.mp4'), fixture('clip-thumbnail.jpg', 'clip_thumb.jpg'));
  const file = await admin.uploadFile(fixture('field-notes.pdf', 'Field notes.pdf'));
  const cards = [
    { type: 'image', version: 1, src: portrait, width: 800, height: 1200, alt: 'A portrait', cardWidth: 'regular' },
    {
      type: 'video',
      version: 1,
      src: video.url,
      thumbnailSrc: video.thumbnail_url,
      width: 640,
      height: 400,
      duration: 2,
    },
    { type: 'file', version: 1, src: file, fileTitle: 'Field notes', fileName: 'field-notes.pdf', fileSize: 1000 },
  ];
  const lexical = { root: { type: 'root', version: 1, format: '', indent: 0, direction: null, children: cards } };
  const post = await admin.createPost({
    title: 'My own image server',
    lexical: JSON.stringify(lexical),
    feature_image: feature,
    status: 'published',
  });
  return {
    url: post.url,
    uploads: [
      ['image', feature],
      ['image', portrait],
      ['video', video.url],
      ['file', file],
    ],
  };
}

async function main(): Promise<number> {
  const stops: (() => Promise<void>)[] = [];
  try {
    say('Starting an S3 in memory …');
    const s3 = await startInMemoryS3();
    stops.push(() => s3.close());
    s3.createBucket(BUCKET);

    say('Starting a CDN in front of it …');
    const { endpoint, region, credentials } = s3;
    const cdn = await startCdnStandIn({ s3: { endpoint, region, bucket: BUCKET, credentials } });
    stops.push(() => cdn.close());

    say('Starting a real Ghost with the adapter (the first run installs Ghost, which takes a minute or two) …');
    const install = await installGhost({ log: (line) => say(`  ${line}`) });
    const fallbackSecret = randomBytes(24).toString('hex');
    const port = await freePort();
    const ghost = await startGhost({
      install,
      port,
      // It is the only boot.
      createsDatabase: true,
      url: `http://localhost:${port}`,
      config: adapterConfig({
        bucket: BUCKET,
        region,
        endpoint,
        forcePathStyle: true,
        accessKeyId: credentials.accessKeyId,
        secretAccessKey: credentials.secretAccessKey,
        cdnUrl: cdn.url,
        cdnFallbackSecret: fallbackSecret,
      }),
    });
    stops.push(() => ghost.stop());
    cdn.setGhost({ url: ghost.url, fallbackSecret });

    say('Creating an owner, and a published post with two images, a video and a file …');
    const admin = await AdminApi.setUp(ghost.url);
    const { url, uploads } = await publishPost(admin);

    say();
    say(`Ghost ${install.version} keeps its uploads on S3 and shows them from ${cdn.url}:`);
    for (const [kind, fileUrl] of uploads) {
      say(`  ${kind.padEnd(8)} ${fileUrl}`);
    }
    say();
    say(`The objects in the bucket "${BUCKET}":`);
    for (const [key, object] of s3.objects(BUCKET)) {
      say(`  ${key.padEnd(58)} ${object.contentType.padEnd(16)} ${object.size.toLocaleString('en').padStart(9)} bytes`);
    }
    say();
    say(`The post   ${url}`);
    say(`Log in     ${ghost.url}/ghost/   ${OWNER.email}   ${OWNER.password}`);
    say();

    if (options.check) {
      const problems = await checkPublishedPage(url, cdn.url, say);
      say(
        problems === 0 ? 'Every file of the post came from the CDN domain.' : `${problems} files of the post did not.`,
      );
      return problems === 0 ? 0 : 1;
    }
    say('Press Ctrl-C to stop.');
    await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
    return 0;
  } finally {
    for (const stop of stops.reverse()) {
      await stop();
    }
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
