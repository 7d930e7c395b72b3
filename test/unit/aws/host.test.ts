import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findRegion } from '../../../src/aws/find-region';
import { detectHost } from '../../../src/aws/host';
import { describeHost } from '../../../src/aws/host-description';
import { listen, stop } from '../../support/local-server';

let root: string;
let server: Server | undefined;
const variables = { ...process.env };

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'host-'));
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE']) {
    delete process.env[name];
  }
  process.env.AWS_CONFIG_FILE = process.env.AWS_SHARED_CREDENTIALS_FILE = path.join(root, 'none');
});
afterEach(async () => {
  process.env = { ...variables };
  rmSync(root, { recursive: true });
  if (server) {
    await stop(server);
    server = undefined;
  }
});

/** Writes a file of the machine. */
function write(file: string, content: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), content);
}

async function serve(answer: RequestListener): Promise<string> {
  server = createServer(answer);
  return `http://127.0.0.1:${await listen(server)}`;
}

const instance = { accountId: '123456789012', region: 'eu-central-1', instanceId: 'i-0123456789abcdef0' };

/** Answers as the metadata service of an instance, to requests with a token only. */
const serveInstance = (document: string) =>
  serve(({ method, url, headers }, response) => {
    if (method === 'PUT' && url === '/latest/api/token') {
      response.end('token');
    } else {
      response.statusCode = headers['x-aws-ec2-metadata-token'] === 'token' ? 200 : 401;
      response.end(url === '/latest/dynamic/instance-identity/document' ? document : '');
    }
  });

describe('the machine is recognized', () => {
  test.each([
    ['sys/class/dmi/id/board_vendor', 'Amazon EC2\n', 'ec2'],
    ['sys/class/dmi/id/sys_vendor', 'Amazon EC2\n', 'ec2'],
    ['sys/hypervisor/uuid', 'ec2e1916-9099-7caf-fd21-012345abcdef\n', 'ec2'],
    ['sys/class/dmi/id/board_vendor', 'Hetzner\n', undefined],
    ['sys/hypervisor/uuid', '4dea22b3-1d52-d8f3-2516-782e98ab3fa0\n', undefined],
  ])('by %s: %j', async (file, content, host) => {
    write(file, content);
    expect(await detectHost({ root, environment: {} })).toBe(host);
  });

  test('as a task of ECS, which may be on an instance', async () => {
    write('sys/class/dmi/id/board_vendor', 'Amazon EC2\n');
    const environment = { ECS_CONTAINER_METADATA_URI_V4: 'http://169.254.170.2/v4/1' };
    expect(await detectHost({ root, environment })).toBe('ecs');
  });

  test('but not where its credentials are of no use to Ghost', async () => {
    write('sys/class/dmi/id/board_vendor', 'Amazon EC2\n');
    expect(await detectHost({ root, environment: { AWS_EC2_METADATA_DISABLED: 'true' } })).toBeUndefined();
    const environment = { AWS_EXECUTION_ENV: 'CloudShell', ECS_CONTAINER_METADATA_URI_V4: 'http://169.254.170.2/v4/1' };
    expect(await detectHost({ root, environment })).toBeUndefined();
  });
});

describe('what AWS says about the machine', () => {
  test('is its account and region, by a request with a token', async () => {
    process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT = await serveInstance(JSON.stringify(instance));
    expect(await describeHost('ec2')).toEqual({
      host: 'ec2',
      account: '123456789012',
      region: 'eu-central-1',
      instanceId: 'i-0123456789abcdef0',
    });
  });

  test('is in the ARN of a task', async () => {
    const TaskARN = 'arn:aws:ecs:us-west-2:123456789012:task/default/158d1c8083dd49d6b527399fd6414f5c';
    process.env.ECS_CONTAINER_METADATA_URI_V4 = await serve(({ url }, response) =>
      response.end(url === '/task' ? JSON.stringify({ TaskARN }) : ''),
    );
    expect(await describeHost('ecs')).toEqual({ host: 'ecs', account: '123456789012', region: 'us-west-2' });
    expect(await findRegion({})).toBe('us-west-2');
  });

  test('is not waited for where nothing answers', async () => {
    process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT = await serve(() => {});
    const begin = Date.now();
    expect(await describeHost('ec2')).toBeUndefined();
    expect(Date.now() - begin).toBeLessThan(10_000);
  });

  test.each(['<html>', '{}', '[]', '{ "accountId": "123456789012" }'])('is nothing when it is %s', async (document) => {
    process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT = await serveInstance(document);
    expect(await describeHost('ec2')).toBeUndefined();
    process.env.ECS_CONTAINER_METADATA_URI_V4 = process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT;
    expect(await describeHost('ecs')).toBeUndefined();
  });
});

describe('the region', () => {
  test('that the option, the environment or the profile names is not asked for on the machine', async () => {
    const asked: unknown[] = [];
    process.env.ECS_CONTAINER_METADATA_URI_V4 = await serve(({ url }, response) => {
      asked.push(url);
      response.end();
    });
    write('config', '[default]\nregion = eu-west-1\n[profile blog]\nregion = eu-west-2\n');
    process.env.AWS_CONFIG_FILE = path.join(root, 'config');
    expect(await findRegion({})).toBe('eu-west-1');
    expect(await findRegion({ profile: 'blog' })).toBe('eu-west-2');
    process.env.AWS_DEFAULT_REGION = 'eu-west-3';
    expect(await findRegion({})).toBe('eu-west-3');
    process.env.AWS_REGION = 'eu-north-1';
    expect(await findRegion({})).toBe('eu-north-1');
    expect(await findRegion({ region: 'eu-central-1' })).toBe('eu-central-1');
    expect(asked).toEqual([]);
  });

  test('is unknown where nothing names it', async () => {
    process.env.AWS_EC2_METADATA_DISABLED = 'true';
    expect(await findRegion({})).toBeUndefined();
  });
});
