import { waitForRecord } from '../../../../src/commands/setup/wait-for-record';
import { Interruption } from '../../../../src/shell/failure';
import { AwsAccount } from '../../../support/aws-account';
import { openTestSession } from '../../../support/provisioning';

const DOMAIN = 'images.example.com';
const RECORD = { name: DOMAIN, relativeName: 'images', zone: 'example.com', value: 'd111111abcdef8.cloudfront.net' };

let account: AwsAccount;

beforeEach(() => (account = new AwsAccount()));
afterEach(() => account.restore());

/** Waits with a clock of its own. */
async function wait(onPause: (seconds: number) => Promise<void>) {
  const session = await openTestSession(account);
  let waited = 0;
  const pause = (seconds: number) => onPause((waited += seconds));
  const ended = await waitForRecord({ ...session, pause }, DOMAIN, RECORD).catch((error: unknown) => error);
  return { ended, waited };
}

describe('the wait for a DNS record that the user creates', () => {
  test('ends after three days with an error that names the record', async () => {
    const { ended, waited } = await wait(() => Promise.resolve());
    expect(ended).toMatchObject({
      message: `${DOMAIN} still does not point to ${RECORD.value} after 72 hours.`,
      cure: expect.stringContaining('zone example.com'),
    });
    expect(waited).toBe(72 * 3_600);
  });

  test('ends when the user presses Ctrl-C', async () => {
    const { ended } = await wait(() => Promise.reject(new Interruption()));
    expect(ended).toBeInstanceOf(Interruption);
  });
});
