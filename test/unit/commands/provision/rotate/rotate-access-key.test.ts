import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { rotateAccessKey } from '../../../../../src/commands/provision/rotate/access-key';
import { AwsAccount } from '../../../../support/aws-account';
import { openTestSession, provisionOnce } from '../../../../support/provisioning';

const STACK = 'ghost-images-example-com';

let account: AwsAccount;
let folder: string;
let file: string;
/** The ID of the first key. */
let first: string;

const user = () => account.identities.users[0];
const ids = () => user()?.accessKeys.map(({ id }) => id);
const keyOf = (id = '') => user()?.accessKeys.find((key) => key.id === id);

const options = () =>
  (JSON.parse(readFileSync(file, 'utf8')) as { storage: { S3CloudFrontStorage: Record<string, string> } }).storage
    .S3CloudFrontStorage;

function write(changed: Record<string, unknown>): void {
  const block = { cdnUrl: 'https://images.example.com', ...changed };
  writeFileSync(file, JSON.stringify({ storage: { S3CloudFrontStorage: block } }, null, 2));
}

/** Makes a key older than it is, so that the order of two keys is known. */
const age = (id: string, hours: number) =>
  Object.assign(keyOf(id) ?? {}, { createdAt: new Date(Date.now() - hours * 3_600_000) });

const use = (id: string, hoursAgo: number) =>
  Object.assign(keyOf(id) ?? {}, { usedAt: new Date(Date.now() - hoursAgo * 3_600_000) });

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rotation-'));
  file = path.join(folder, 'config.production.json');
  account = new AwsAccount();
  account.hostedZones.add({ name: 'example.com' });
  await provisionOnce(account, { identity: 'iam-user', createAccessKey: true });
  const [key] = user()?.accessKeys ?? [];
  first = key?.id ?? '';
  write({ accessKeyId: first, secretAccessKey: key?.secret });
  age(first, 100);
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  account.restore();
  process.exitCode = undefined;
});

async function rotate({ withFile = true, agrees = true } = {}) {
  const session = await openTestSession(account);
  session.terminal.agrees = agrees;
  const { terminal } = session;
  try {
    return { terminal, rotated: await rotateAccessKey(session, STACK, { writeConfig: withFile ? file : undefined }) };
  } catch (error) {
    return { terminal, error: error as Error & { cure?: string } };
  }
}

/** Makes the second key, three hours ago. */
async function addSecond(): Promise<string> {
  await rotate();
  const second = options().accessKeyId ?? '';
  age(second, 3);
  return second;
}

describe('the access key of the user', () => {
  test('gets a second one, which is written to the file, and stays valid', async () => {
    const { rotated, terminal } = await rotate();
    const [, second] = user()?.accessKeys ?? [];
    expect(ids()).toEqual([first, second?.id]);
    expect(options()).toMatchObject({ accessKeyId: second?.id, secretAccessKey: second?.secret });
    expect(rotated).toMatchObject({ accessKeyId: second?.id, configFile: file, backup: expect.any(String) });
    expect(terminal.text).not.toContain(second?.secret);
    expect(terminal.text).toMatch(/Restart Ghost with the new key, upload an image, and run the same command again/);
    expect(keyOf(first)?.status).toBe('Active');
  });

  test('is printed with its secret without a file, which IAM shows only once', async () => {
    const { rotated, terminal } = await rotate({ withFile: false });
    const [, second] = user()?.accessKeys ?? [];
    expect(rotated?.ghostConfig).toEqual({
      storage: { S3CloudFrontStorage: { accessKeyId: second?.id, secretAccessKey: second?.secret } },
    });
    expect(terminal.text).toContain(second?.secret);
  });

  test('is printed where the file cannot be written', async () => {
    account.interruptAfter(5, () => rmSync(folder, { recursive: true }));
    const { terminal } = await rotate();
    expect(terminal.warnings.join()).toMatch(/could not be written|cannot be written/);
    expect(terminal.text).toContain(user()?.accessKeys[1]?.secret);
    expect(process.exitCode).toBe(1);
  });

  test('is deactivated and deleted by the second run, after the newer one has been used', async () => {
    const second = await addSecond();
    use(first, 50);
    use(second, 1);
    const before = account.actions.length;
    const { rotated, terminal } = await rotate();
    expect(rotated).toEqual({ stackName: STACK, accessKeyId: second, deleted: first });
    expect(ids()).toEqual([second]);
    expect(account.actions.slice(before).slice(-2)).toEqual(['iam:UpdateAccessKey', 'iam:DeleteAccessKey']);
    expect(terminal.warnings).toEqual([]);
    expect(options().accessKeyId).toBe(second);
  });

  test('is deleted with a warning and the date if something has used it since the newer one was created', async () => {
    const second = await addSecond();
    use(first, 2);
    use(second, 1);
    const { terminal } = await rotate();
    const date = new Date(Date.now() - 2 * 3_600_000).toISOString().slice(0, 13).replace('T', ' ');
    expect(terminal.warnings.join()).toContain(`${first} was used after ${second} was created: at ${date}`);
    const [question] = terminal.questions;
    expect(terminal.lines.findIndex((line) => line.includes('was used after'))).toBeLessThan(
      terminal.lines.findIndex((line) => line.startsWith('A new access key')),
    );
    expect(question).toBe('Continue?');
  });

  test('is deleted by a third run where the second one was stopped in the middle', async () => {
    const second = await addSecond();
    use(second, 1);
    account.answerNext('iam:DeleteAccessKey', new Error('the line is dead'));
    expect((await rotate()).error?.message).toBe('the line is dead');
    expect(keyOf(first)?.status).toBe('Inactive');
    expect((await rotate()).error).toBeUndefined();
    expect(ids()).toEqual([second]);
  });

  test('stays with all others where the user does not agree', async () => {
    expect((await rotate({ agrees: false })).error?.name).toBe('Declined');
    expect(ids()).toEqual([first]);
    const second = await addSecond();
    use(second, 1);
    expect((await rotate({ agrees: false })).error?.name).toBe('Declined');
    expect(ids()).toEqual([first, second]);
    expect(keyOf(first)?.status).toBe('Active');
  });
});

describe('no access key is deleted', () => {
  test('where the newer one was never used, according to IAM', async () => {
    const second = await addSecond();
    use(first, 1);
    const { error } = await rotate();
    expect(error?.message).toContain(`no record of any use of the newer access key ${second} of ${user()?.name}`);
    expect(error?.cure).toMatch(/upload an image, and run the command again in a few minutes/);
    expect(error?.cure).toContain(`aws iam delete-access-key --user-name ${user()?.name} --access-key-id ${second}`);
    expect(ids()).toEqual([first, second]);
  });

  test('where the older one was used after the newer one, as by a Ghost that was not restarted', async () => {
    const second = await addSecond();
    use(second, 2);
    use(first, 1);
    const { error } = await rotate();
    expect(error?.message).toContain(`${first} of ${user()?.name} was used after ${second}`);
    expect(error?.cure).toContain(`Restart Ghost with ${second}`);
    expect(ids()).toEqual([first, second]);
    expect(keyOf(first)?.status).toBe('Active');
  });

  test('where the newer one is inactive', async () => {
    const second = await addSecond();
    use(second, 1);
    Object.assign(keyOf(second) ?? {}, { status: 'Inactive' });
    expect((await rotate()).error?.cure).toContain(`--access-key-id ${second} --status Active`);
    expect(ids()).toEqual([first, second]);
  });

  test.each([
    ['has the older one', () => write({ accessKeyId: first }), /which is the older one/],
    ['has a key of somebody else', () => write({ accessKeyId: 'AKIAOTHER' }), /does not belong to the user/],
    ['has none', () => write({}), /Ghost gets its credentials from elsewhere/],
  ])('where the file %s', async (_, prepare, message) => {
    const second = await addSecond();
    use(second, 1);
    prepare();
    expect((await rotate()).error?.message).toMatch(message);
    expect(ids()).toEqual([first, second]);
  });

  test('where it is the only one', async () => {
    use(first, 1);
    await rotate();
    await rotate();
    expect(ids()).toContain(first);
    expect(ids()).toHaveLength(2);
  });

  test('of a user without any, or of a stack without a user', async () => {
    user()?.accessKeys.splice(0);
    expect((await rotate()).error?.cure).toContain('--create-access-key');
    account.restore();
    account = new AwsAccount();
    account.hostedZones.add({ name: 'example.com' });
    await provisionOnce(account);
    expect((await rotate()).error?.message).toMatch(/has no IAM user[^]*its identity is policy-only/);
  });
});
