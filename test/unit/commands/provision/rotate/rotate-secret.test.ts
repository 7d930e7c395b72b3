import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readGhost } from '../../../../../src/commands/provision/ghost-url';
import { askGhost } from '../../../../../src/commands/provision/rotate/ask-ghost';
import { rotateSecret } from '../../../../../src/commands/provision/rotate/secret';
import { AwsAccount } from '../../../../support/aws-account';
import { makeCertificate } from '../../../../support/certificate';
import { startTls } from '../../../../support/proxy';
import { openTestSession, provisionOnce, type RecordedTerminal } from '../../../../support/provisioning';
import { type RotatingBlog, startRotatingBlog } from '../../../../support/rotating-blog';

const DOMAIN = 'images.example.com';
const STACK = 'ghost-images-example-com';
const CDN = { cdnUrl: `https://${DOMAIN}` };

let account: AwsAccount;
let blog: RotatingBlog;
/** The secret before the rotation. */
let former: string;

/** How far (ms) pauses have moved the clock. */
let ahead: number;
const { now } = Date;

/** The secret that CloudFront sends. */
const sent = () => /"HeaderValue":"([\w-]+)"/.exec(JSON.stringify(account.distributions.all))?.[1] ?? '';

async function start(ghosts = 1): Promise<void> {
  await provisionOnce(account);
  former = sent();
  blog = await startRotatingBlog({ ...CDN, cdnFallbackSecret: former }, ghosts);
}

beforeEach(() => {
  ahead = 0;
  jest.spyOn(Date, 'now').mockImplementation(() => now() + ahead);
  account = new AwsAccount();
  account.hostedZones.add({ name: 'example.com' });
});
afterEach(async () => {
  await blog?.close();
  jest.restoreAllMocks();
  account.restore();
  process.exitCode = undefined;
});

interface Run {
  withFile?: boolean;
  ghostUrl?: string;
  /** Called whenever the command waits, with how often it did. */
  onPause?: (count: number, terminal: RecordedTerminal) => unknown;
  agrees?: boolean;
}

/** Runs the rotation once; at each pause, CloudFront asks the blog. */
async function rotate({ withFile = true, ghostUrl, onPause = () => {}, agrees = true }: Run = {}) {
  const session = await openTestSession(account);
  const { terminal, pause } = session;
  terminal.agrees = agrees;
  let count = 0;
  session.pause = async (seconds) => {
    ahead += 20 * seconds * 1_000;
    onPause((count += 1), terminal);
    expect(await blog.knows(sent())).toBe(true);
    return pause(seconds);
  };
  const options = {
    writeConfig: withFile ? blog.file : undefined,
    ghost: readGhost({ ghostUrl }, DOMAIN),
  };
  try {
    return { terminal, rotated: await rotateSecret(session, STACK, options) };
  } catch (error) {
    return { terminal, error: error as Error & { cure?: string } };
  }
}

/** Whether the file has two secrets. */
const isPending = () => Array.isArray(blog.options().cdnFallbackSecret);

/** Restarts Ghost at the third pause, which is in the middle of the wait for it. */
const restartsGhost = (count: number) => {
  if (count === 3) blog.restart();
};

/** Everything at AWS is as it was before. */
function expectNothingSwitched(): void {
  expect(sent()).toBe(former);
  expect(account.stacks.get(STACK)?.changeSets.filter(({ executionStatus: status }) => status === 'AVAILABLE')).toEqual(
    [],
  );
  expect(account.history(STACK).at(-1)).toBe(`${STACK} CREATE_COMPLETE`);
}

describe('the secret between CloudFront and Ghost', () => {
  beforeEach(() => start());

  test('is replaced on an image server of an older version after a plan that says that originals become private', async () => {
    const planned = async () => (await rotate({ agrees: false })).terminal.text;
    expect(await planned()).not.toContain('originals');
    const { parameters } = account.stacks.get(STACK) ?? {};
    delete parameters?.PublicOriginals;
    expect(await planned()).toMatch(/~ originals +visitors no longer get them/);
  });

  test('is replaced in the file, in Ghost and at CloudFront, which Ghost recognizes at every moment', async () => {
    const lists: unknown[] = [];
    const { rotated, terminal, error } = await rotate({
      onPause: (count) => {
        if (isPending()) lists.push(blog.options().cdnFallbackSecret);
        restartsGhost(count);
      },
    });
    expect(error).toBeUndefined();
    const fresh = sent();
    expect(fresh).toMatch(/^[\w-]{43}$/);
    expect(fresh).not.toBe(former);
    expect(new Set(lists.map(String))).toEqual(new Set([`${fresh},${former}`]));
    expect(blog.options()).toEqual({ ...CDN, cdnFallbackSecret: fresh });
    expect(await blog.knows(fresh)).toBe(true);
    blog.restart();
    expect([await blog.knows(fresh), await blog.knows(former)]).toEqual([true, false]);
    expect(rotated).toEqual({ stackName: STACK, configFile: blog.file, backup: expect.stringMatching(/\.backup$/) });
    expect(terminal.questions).toEqual(['Continue?']);
  });

  test('is told in one plan with all steps, and nothing is done without agreement', async () => {
    const { error, terminal } = await rotate({ agrees: false });
    expect(error).toMatchObject({ name: 'Declined', message: 'Nothing was changed.' });
    expect(terminal.text).toMatch(
      /gets the new secret in addition[^]*restart it; the command waits[^]*CloudFront distribution[^]*keeps only the new secret/,
    );
    expect(blog.options()).toEqual({ ...CDN, cdnFallbackSecret: former });
    expectNothingSwitched();
  });

  test('is not shown when it was written to the file', async () => {
    const { terminal, rotated } = await rotate({ onPause: restartsGhost });
    const said = terminal.text + terminal.progress.join() + JSON.stringify(rotated);
    expect(said).not.toContain(sent());
    expect(said).not.toContain(former);
  });

  test('is printed without a file, both while they are needed and the new one at the end', async () => {
    const { terminal, rotated } = await rotate({
      withFile: false,
      onPause: (count, { text }) => {
        const [, fresh, second] = /"cdnFallbackSecret": \[\s*"([^"]+)",\s*"([^"]+)"/.exec(text) ?? [];
        if (count === 3) blog.restart({ ...CDN, cdnFallbackSecret: [fresh, second] });
      },
    });
    expect(rotated).toEqual({
      stackName: STACK,
      ghostConfig: { storage: { S3CloudFrontStorage: { cdnFallbackSecret: sent() } } },
    });
    expect(terminal.text).toContain(JSON.stringify(rotated?.ghostConfig, null, 2));
  });

  test('is asked for by requests that only the secret tells from those of visitors, through the proxy', async () => {
    await rotate({ onPause: restartsGhost });
    const asked = blog.requests.filter(({ 'user-agent': agent }) => agent !== 'node' && agent !== 'undici');
    expect(asked.length).toBeGreaterThan(6);
    for (const { 'user-agent': agent, host, via } of asked) {
      expect([agent, host, via]).toEqual(['ghost-storage-s3-cloudfront (provision)', 'blog.example.com', undefined]);
    }
    expect(new Set(blog.proxy.requests)).toEqual(new Set(['CONNECT blog.example.com:443']));
  });

  test('is asked for without a proxy where the environment names none', async () => {
    const certificate = await makeCertificate('localhost', 2, path.dirname(blog.file));
    blog.authorities.push(certificate.cert);
    const front = await startTls(certificate, blog.port);
    delete process.env.HTTPS_PROXY;
    delete process.env.HTTP_PROXY;
    const origin = { url: `https://localhost:${front.port}`, cdnHost: DOMAIN };
    const { signal } = new AbortController();
    expect(await askGhost(origin, former, signal)).toEqual({ state: 'known', answer: '404' });
    expect(await askGhost(origin, `${former}x`, signal)).toEqual({ state: 'unknown', answer: `302 to ${DOMAIN}` });
    front.close();
    expect(blog.proxy.requests).toEqual([]);
    expect(await askGhost(origin, former, signal)).toEqual({ state: 'silent', answer: 'no answer (ECONNREFUSED)' });
  });

  test('stays where Ghost is not restarted: the wait ends, and says so', async () => {
    const { error } = await rotate();
    expect(error?.message).toMatch(
      /^https:\/\/blog\.example\.com did not accept the new secret within 15 min \(last response: 302 to images\.example\.com\)\. CloudFront was not switched/,
    );
    expect(error?.cure).toMatch(/Restart Ghost with both secrets[^]*continues with the same secret/);
    expectNothingSwitched();
    expect(await blog.knows(former)).toBe(true);
  });

  test('is replaced although Ghost is down while it restarts', async () => {
    const { error, terminal } = await rotate({
      onPause: (count) => {
        if (count === 1) blog.proxy.refuseWith = 502;
        if (count === 2) {
          blog.proxy.refuseWith = undefined;
          blog.restart();
        }
      },
    });
    expect(error).toBeUndefined();
    expect(terminal.progress.join('\n')).toMatch(/no answer \(.*502/);
    expect(sent()).not.toBe(former);
  });

  test('keeps the web ACL that a flat-rate plan has added', async () => {
    const arn = `arn:aws:wafv2:us-east-1:123456789012:global/webacl/CreatedByCloudFront-1/2`;
    const [distribution] = account.distributions.all;
    Object.assign(distribution?.config ?? {}, { WebACLId: arn });
    await rotate({ onPause: restartsGhost });
    expect(JSON.stringify(account.distributions.all)).toContain(arn);
    expect(account.stacks.get(STACK)?.parameters.WebAclArn).toBe(arn);
  });
});

describe('a rotation that was interrupted', () => {
  beforeEach(() => start());

  test('while it waited for Ghost continues with the same secret', async () => {
    const { error } = await rotate({ onPause: (_, terminal) => isPending() && terminal.interrupt() });
    expect(error?.name).toBe('Interruption');
    expect(error?.message).toMatch(/CloudFront was not switched[^]*continues with the same secret/);
    expectNothingSwitched();
    const pending = blog.options().cdnFallbackSecret as string[];
    expect(pending[1]).toBe(former);
    blog.restart();
    expect((await rotate()).error).toBeUndefined();
    expect(sent()).toBe(pending[0]);
    expect(blog.options().cdnFallbackSecret).toBe(pending[0]);
  });

  test('explains the reason even when AWS is no longer reachable', async () => {
    account.answerNext('cloudformation:DeleteChangeSet', new Error('the line is dead'));
    const { error, terminal } = await rotate();
    expect(error?.message).toMatch(/did not accept the new secret/);
    expect(terminal.warnings.join()).toMatch(/could not be deleted \(the line is dead\)/);
    expect(sent()).toBe(former);
  });

  test('before anything was changed leaves everything as it is', async () => {
    const session = await openTestSession(account);
    blog.inFront = () => session.terminal.interrupt();
    await expect(rotateSecret(session, STACK, { writeConfig: blog.file, ghost: {} })).rejects.toThrow(
      'Stopped. Nothing was changed.',
    );
    expect(blog.options()).toEqual({ ...CDN, cdnFallbackSecret: former });
    expectNothingSwitched();
  });

  test('while CloudFront was switched only takes the former secret out of the file', async () => {
    const { error } = await rotate({
      onPause: (count, terminal) => {
        restartsGhost(count);
        if (count > 3 && sent() !== former) terminal.interrupt();
      },
    });
    expect(error).toMatchObject({ name: 'Interruption' });
    const fresh = sent();
    expect(blog.options().cdnFallbackSecret).toEqual([fresh, former]);
    const before = account.actions.length;
    const { rotated, terminal } = await rotate();
    expect(rotated?.backup).toBeDefined();
    expect(terminal.text).toContain('CloudFront already sends it');
    expect(account.actions.slice(before)).not.toContain('cloudformation:CreateChangeSet');
    expect([sent(), blog.options().cdnFallbackSecret]).toEqual([fresh, fresh]);
  });

  test('by a failure of CloudFormation leaves both secrets valid, and is repeated', async () => {
    account.failResource('Distribution', 'CloudFront is out of order');
    const { error } = await rotate({ onPause: restartsGhost });
    expect(error?.message).toContain('Distribution');
    expect(sent()).toBe(former);
    expect(await blog.knows(former)).toBe(true);
    const [pending] = blog.options().cdnFallbackSecret as string[];
    expect((await rotate()).error).toBeUndefined();
    expect(sent()).toBe(pending);
  });

  test('creates another secret when the stack would not accept the one in the file', async () => {
    blog.edit({ cdnFallbackSecret: ['a short one with blanks', former] });
    blog.restart();
    await rotate({ onPause: restartsGhost });
    expect(sent()).toMatch(/^[\w-]{43}$/);
  });
});

describe('a rotation is refused', () => {
  const nothingWritten = () => expect(blog.options()).toEqual({ ...CDN, cdnFallbackSecret: former });

  test('where one of several Ghosts was not restarted', async () => {
    await start(2);
    const { error } = await rotate({ onPause: restartsGhost });
    expect(error?.message).toMatch(/did not accept the new secret/);
    expectNothingSwitched();
    blog.restart(undefined, 1);
    expect((await rotate()).error).toBeUndefined();
  });

  test('when visitors get the same response as CloudFront, so that it proves nothing', async () => {
    await start();
    blog.restart({ ...CDN, cdnFallbackSecret: former, serve: 'stream' });
    const { error } = await rotate();
    expect(error?.message).toMatch(/gives visitors the same response as CloudFront \(404\)/);
    expect(error?.cure).toMatch(/"serve" is not "stream"[^]*Nothing was changed/);
    nothingWritten();
    expectNothingSwitched();
  });

  test.each([
    [
      'is not there',
      () => (blog.proxy.refuseWith = 504),
      /does not redirect visitors to images\.example\.com \(no answer/,
    ],
    [
      'shows an error page',
      () => (blog.inFront = (_request, response) => response.writeHead(503).end()),
      /does not redirect visitors to images\.example\.com \(503\)/,
    ],
    [
      'redirects to another host',
      () =>
        (blog.inFront = (_request, response) =>
          response.writeHead(301, { location: 'https://www.example.com/' }).end()),
      /\(301 to www\.example\.com\)/,
    ],
  ])('where the blog %s', async (_, prepare, message) => {
    await start();
    prepare();
    expect((await rotate()).error?.message).toMatch(message);
    nothingWritten();
    expectNothingSwitched();
  });

  test('without a Ghost origin', async () => {
    await provisionOnce(account, { ghostUrl: undefined });
    blog = await startRotatingBlog(CDN);
    const { error } = await rotate({ withFile: false });
    expect(error?.message).toMatch(/sends no secret/);
    expect(error?.cure).toMatch(/provision --ghost-url/);
  });

  test('where a domain that was moved is not part of the stack yet, which would take it off', async () => {
    await start();
    const [distribution] = account.distributions.all;
    const definition = account.stacks.get(STACK)?.definition;
    Object.assign(definition?.parameters ?? {}, { DomainIsElsewhere: 'true' });
    const { error } = await rotate();
    expect(error?.message).toMatch(/An update of the stack would remove it from the distribution/);
    expect(error?.cure).toMatch(/First run the command without --rotate-secret to complete the move/);
    expect(distribution?.aliases).toEqual([DOMAIN]);
    nothingWritten();
    expectNothingSwitched();
  });

  test('where nothing has been built yet', async () => {
    await start();
    account.stacks.get(STACK)?.set('REVIEW_IN_PROGRESS');
    Object.assign(account.stacks.get(STACK) ?? {}, { outputs: [] });
    const { error } = await rotate({ withFile: false });
    expect(error?.message).toBe(`The stack ${STACK} is REVIEW_IN_PROGRESS and has no distribution.`);
  });

  test('for another blog', async () => {
    await start();
    const { error } = await rotate({ ghostUrl: 'https://other.example.com/blog' });
    expect(error?.message).toBe(
      `--ghost-url is https://other.example.com/blog, but the stack ${STACK} has https://blog.example.com.`,
    );
    expect((await rotate({ ghostUrl: 'https://blog.example.com', onPause: restartsGhost })).error).toBeUndefined();
  });

  test.each([
    [
      'has no options of the adapter',
      (file: string) => writeFileSync(file, '{}'),
      /has no options for S3CloudFrontStorage/,
    ],
    [
      'belongs to another image server',
      () => blog.edit({ cdnUrl: 'https://user:hidden@other.example.com' }),
      /is not for the image server images\.example\.com\. Its "cdnUrl" is for other\.example\.com/,
    ],
  ])('for a configuration file that %s', async (_, prepare, message) => {
    await start();
    prepare(blog.file);
    const before = readFileSync(blog.file, 'utf8');
    const { error } = await rotate();
    expect(error?.message).toMatch(message);
    expect(error?.message).not.toContain('hidden');
    expect(readFileSync(blog.file, 'utf8')).toBe(before);
  });

  test('where the distribution was changed by hand', async () => {
    await start();
    const [distribution] = account.distributions.all;
    const byHand = JSON.stringify(distribution?.config).replaceAll(former, 'a-secret-that-somebody-has-set-by-hand');
    Object.assign(distribution ?? {}, { config: JSON.parse(byHand) as object });
    blog.edit({ cdnFallbackSecret: [former, sent()] });
    blog.restart();
    const { error } = await rotate();
    expect(error?.message).toMatch(/changed outside of CloudFormation/);
    expect(sent()).toBe('a-secret-that-somebody-has-set-by-hand');
  });
});

test('the backups of the configuration are as private as the file', async () => {
  await start();
  await rotate({ onPause: restartsGhost });
  const folder = path.dirname(blog.file);
  const backups = readdirSync(folder).filter((name) => name.endsWith('.backup'));
  expect(backups).toHaveLength(2);
  for (const name of process.platform === 'win32' ? [] : backups) {
    expect(statSync(path.join(folder, name)).mode & 0o077).toBe(0);
  }
});
