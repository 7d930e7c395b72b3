import { keyForGhost } from '../../../../src/commands/setup/access-key';
import { AwsAccount } from '../../../support/aws-account';
import { openTestSession } from '../../../support/provisioning';

const USER = 'ghost-images';
const HOUR = 3_600_000;

let account: AwsAccount;

beforeEach(() => {
  account = new AwsAccount();
  account.identities.addUser(USER);
});

afterEach(() => account.restore());

const keys = () => account.identities.users[0]?.accessKeys ?? [];
const addKey = (id: string, hours: number, usedAt?: Date) =>
  keys().push({ id, secret: 'secret', createdAt: new Date(Date.now() - hours * HOUR), status: 'Active', usedAt });

async function run({ inFile = '', isUnattended = true, agrees = true } = {}) {
  const session = await openTestSession(account);
  session.terminal.agrees = agrees;
  const key = await keyForGhost(session, USER, inFile, isUnattended);
  return { key, terminal: session.terminal };
}

const ids = () => keys().map(({ id }) => id);

describe('the access key of a Ghost that is set up', () => {
  test('is created for a user without any', async () => {
    const { key } = await run();
    expect([ids(), key?.secretAccessKey]).toEqual([[key?.accessKeyId], keys()[0]?.secret]);
  });

  test('is the one that its configuration has', async () => {
    addKey('AKIAINFILE0000000000', 1);
    expect((await run({ inFile: 'AKIAINFILE0000000000' })).key).toBeUndefined();
    expect(ids()).toEqual(['AKIAINFILE0000000000']);
  });

  test('leaves a young key alone, which another Ghost may have, and is created next to it', async () => {
    addKey('AKIAYOUNG00000000000', 1);
    const { key, terminal } = await run();
    expect(ids()).toEqual(['AKIAYOUNG00000000000', key?.accessKeyId]);
    expect(terminal.warnings.join()).toContain('IAM has no record of its use');
  });

  test('takes the place of an old key that was never used, where there is no room for a third one', async () => {
    addKey('AKIALOST000000000000', 5);
    const first = await run();
    expect(ids()).toEqual(['AKIALOST000000000000', first.key?.accessKeyId]);
    const second = await run();
    expect(ids()).toEqual([first.key?.accessKeyId, second.key?.accessKeyId]);
  });

  test('takes the place of an old key that was never used only when the user says so', async () => {
    addKey('AKIALOST000000000000', 5);
    const { key, terminal } = await run({ isUnattended: false, agrees: false });
    expect(terminal.questions.join()).toContain('Delete the access key AKIALOST000000000000');
    expect(ids()).toEqual(['AKIALOST000000000000', key?.accessKeyId]);
  });

  test.each([true, false])('takes the place of a key that is in use only when the user says so: %s', async (agrees) => {
    addKey('AKIAUSED000000000000', 900, new Date());
    const { key, terminal } = await run({ isUnattended: false, agrees });
    expect(terminal.questions.join()).toContain('Delete the access key AKIAUSED000000000000');
    expect(ids()).toEqual([...(agrees ? [] : ['AKIAUSED000000000000']), key?.accessKeyId]);
  });

  test('is not created where two others may be in use, which are named', async () => {
    addKey('AKIAUSED000000000000', 900, new Date());
    addKey('AKIAYOUNG00000000000', 1);
    await expect(run()).rejects.toMatchObject({
      message: expect.stringMatching(/AKIAUSED0+ \(last used on [\d-]+\) and AKIAYOUNG0+ \(no record of its use\)/),
      cure: expect.stringContaining('aws iam delete-access-key'),
    });
    await expect(run({ isUnattended: false, agrees: false })).rejects.toThrow('No access key was deleted');
    expect(ids()).toHaveLength(2);
  });
});
