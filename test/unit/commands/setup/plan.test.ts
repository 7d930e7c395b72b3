import type { Aws } from '../../../../src/aws/sign-in';
import type { Found } from '../../../../src/commands/setup/found';
import type { Warning } from '../../../../src/commands/provision/defaults';
import { showPlan } from '../../../../src/commands/setup/plan';
import { RecordedTerminal } from '../../../support/provisioning';

const FOUND = { site: { major: 6 }, files: { files: 1, bytes: 1, isComplete: true } } as Found;

/** Returns the plan of an image server. */
function planOf(isSwitched: boolean, warnings: Warning[] = []): string {
  const terminal = new RecordedTerminal();
  const settings = { domain: 'images.example.com' } as Parameters<typeof showPlan>[3]['settings'];
  const aws = { account: '123456789012', region: 'eu-central-1' } as Aws;
  showPlan(terminal, aws, FOUND, { settings, identity: 'iam-user', warnings, isSwitched });
  return terminal.text;
}

describe('the plan of setup', () => {
  test('names no option that setup does not have, for a blog whose URL CloudFront cannot request', () => {
    const plan = planOf(false, [{ text: "The blog's URL is unknown.", isAboutUrl: true }]);
    expect(plan).toContain("The blog's URL is unknown.");
    expect(plan).toContain('provision --domain images.example.com --region eu-central-1 --ghost-url');
    expect(plan).not.toContain('--no-ghost');
  });

  test('says how much of the traffic to visitors is free', () => {
    expect(planOf(false)).toContain('Visitors are free up to 1 TB and 10 million requests a month.');
  });

  test('says that the blog keeps running from the disk only where it does', () => {
    expect(planOf(false)).toContain('Your blog keeps running from the disk until step 5');
    expect(planOf(true)).not.toContain('from the disk');
  });
});
