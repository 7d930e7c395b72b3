import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PutPublicAccessBlockCommand, S3Client } from '@aws-sdk/client-s3';
import { type CdnStandIn, startCdnStandIn } from '../cdn-stand-in';
import { makeCertificate } from '../certificate';
import { startEdge } from '../doctor/edge';
import { startBlogFront } from './front';
import { localHosts } from '../local-hosts';
import { type InMemoryS3, startInMemoryS3 } from '../in-memory-s3';
import { type AccountState, type RemoteAccount, startRemoteAccount } from '../remote-account';

const ZONE = 'example.test';
export const DOMAIN = `images.${ZONE}`;
export const BLOG_HOST = `blog.${ZONE}`;
const REGION = 'eu-central-1';

/** The keys of the user of `setup`, who has all permissions. */
const OPERATOR = { accessKeyId: 'AKIAOPERATOR00000000', secretAccessKey: 'secret-of-the-operator' };

/** AWS for `setup`: an account whose bucket, access keys and CDN are real servers on this machine. */
export interface Cloud {
  account: RemoteAccount;
  s3: InMemoryS3;
  /** The name of the bucket that was built; undefined before. */
  bucket(): string | undefined;
  /** The environment of a command, and of Ghost, which find all of it. */
  environment: Record<string, string>;
  /** Trusts the CDN. */
  authorityFile: string;
  /** The ports on this machine of the CDN and of the proxy in front of Ghost, without TLS. */
  ports(): { cdn: number; front: number };
  close(): Promise<void>;
}

/**
 * Starts an account with a Route 53 zone for the domain of the images, and nothing else in it.
 *
 * @param ghostPort where the blog will listen, which has `https://blog.example.test`
 * @param zone in place of `example.test`
 */
export async function startCloud(ghostPort: number, zone = ZONE): Promise<Cloud> {
  const [domain, blogHost] = [`images.${zone}`, `blog.${zone}`];
  const folder = await mkdtemp(path.join(tmpdir(), 'cloud-'));
  const s3 = await startInMemoryS3({ region: REGION });
  s3.addUser(OPERATOR);
  const certificate = await makeCertificate(domain, 90, folder);
  let cdn: CdnStandIn | undefined;
  const lateCdn = {
    get url() {
      return cdn?.url ?? 'http://127.0.0.1:1';
    },
    get port() {
      return cdn?.port ?? 1;
    },
    clearCache: () => cdn?.clearCache(),
  } as CdnStandIn;
  const blogCertificate = await makeCertificate(blogHost, 90, folder);
  const front = await startBlogFront(blogHost, ghostPort, blogCertificate);
  const authorityFile = path.join(folder, 'authorities.pem');
  await writeFile(authorityFile, certificate.cert + blogCertificate.cert);
  const edge = await startEdge({ certificate, cdn: lateCdn });
  const live = { [domain]: { A: ['127.0.0.1'] }, [blogHost]: { A: ['127.0.0.1'] } };
  const built = { buckets: [] as string[], keys: [] as string[] };
  const account = await startRemoteAccount(zone, live, async (state: AccountState) => {
    for (const name of state.buckets.filter((bucket) => !built.buckets.includes(bucket))) {
      built.buckets.push(name);
      s3.createBucket(name);
      await blockPublicAccess(s3, name);
      cdn ??= await startCdnStandIn({
        hostname: domain,
        s3: { endpoint: s3.endpoint, region: REGION, bucket: name, credentials: s3.credentials },
      });
    }
    if (state.fallbackSecret !== undefined) {
      const url = `http://127.0.0.1:${front.port}${state.ghostPath ?? ''}`;
      cdn?.setGhost({ url, fallbackSecret: state.fallbackSecret });
    }
    for (const { id, secret } of state.accessKeys.filter((key) => !built.keys.includes(key.id))) {
      built.keys.push(id);
      s3.addUser({ accessKeyId: id, secretAccessKey: secret, policy: POLICY_OF_GHOST });
    }
  });
  return {
    account,
    s3,
    bucket: () => built.buckets[0],
    environment: {
      ...account.environment,
      AWS_ENDPOINT_URL_S3: s3.endpoint,
      AWS_ACCESS_KEY_ID: OPERATOR.accessKeyId,
      AWS_SECRET_ACCESS_KEY: OPERATOR.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
      // The package is built with this value.
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      NODE_EXTRA_CA_CERTS: authorityFile,
      ...localHosts({
        [`${domain}:443`]: edge.tlsPort,
        [`${domain}:80`]: edge.plainPort,
        [`${blogHost}:443`]: front.tlsPort,
      }),
    },
    authorityFile,
    ports: () => ({ cdn: lateCdn.port, front: front.port }),
    async close() {
      account.close();
      await edge.close();
      await front.close();
      await cdn?.close();
      await s3.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What the stack allows Ghost's user. */
export const POLICY_OF_GHOST = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['s3:PutObject', 's3:GetObject', 's3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListBucket'],
      Resource: ['arn:aws:s3:::*', ...['images', 'media', 'files'].map((name) => `arn:aws:s3:::*content/${name}/*`)],
    },
  ],
};

async function blockPublicAccess({ endpoint, region, credentials }: InMemoryS3, bucket: string): Promise<void> {
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  const on = { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true };
  await client.send(new PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration: on }));
  client.destroy();
}
