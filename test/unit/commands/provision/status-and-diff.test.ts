import { findDifferences } from '../../../../src/commands/provision/diff';
import { readStatus } from '../../../../src/commands/provision/status';
import { AwsAccount } from '../../../support/aws-account';
import { openTestSession, provisionOnce } from '../../../support/provisioning';

const DOMAIN = 'images.example.com';
const STACK = 'ghost-images-example-com';

let account: AwsAccount;
beforeEach(() => {
  account = new AwsAccount();
  account.hostedZones.add({ name: 'example.com' });
});
afterEach(() => account.restore());

describe('provision status', () => {
  test('shows the state of stack, certificate, distribution and DNS', async () => {
    const { provisioned } = await provisionOnce(account);
    const target = provisioned?.stack.outputs.DistributionDomainName ?? '';
    const live = { [DOMAIN]: { A: ['192.0.2.1'] }, [target]: { A: ['192.0.2.1'] } };
    expect(await readStatus(await openTestSession(account, { live }), STACK)).toEqual({
      stack: expect.objectContaining({ name: STACK, status: 'CREATE_COMPLETE' }),
      domain: DOMAIN,
      folders: [],
      certificate: { arn: account.certificates.all[0]?.arn, status: 'ISSUED', notAfter: expect.any(Date) },
      distribution: expect.stringMatching(/^(Deployed|InProgress)$/),
      pointsToDistribution: true,
    });
    expect(await readStatus(await openTestSession(account), STACK)).toMatchObject({ pointsToDistribution: false });
  });

  test('shows a certificate that has expired, and one that was deleted', async () => {
    await provisionOnce(account);
    account.certificates.all.forEach((certificate) => (certificate.status = 'EXPIRED'));
    const expired = await readStatus(await openTestSession(account), STACK);
    expect(expired.certificate?.status).toBe('EXPIRED');
    account.certificates.all.splice(0);
    const gone = await readStatus(await openTestSession(account), STACK);
    expect(gone.certificate?.status).toBe('DELETED');
  });

  test('shows region and account when there is no stack', async () => {
    await expect(readStatus(await openTestSession(account), STACK)).rejects.toThrow(
      `The stack ${STACK} does not exist in eu-central-1 in the account 123456789012.`,
    );
  });
});

describe('provision diff', () => {
  test('finds nothing right after the stack was created', async () => {
    await provisionOnce(account);
    expect(await findDifferences(await openTestSession(account), STACK)).toEqual({ changes: [], drifts: [] });
  });

  test('finds changes made by hand, and changes nothing', async () => {
    await provisionOnce(account);
    account.drift(STACK, 'Bucket', [
      {
        PropertyPath: '/PublicAccessBlockConfiguration/BlockPublicPolicy',
        ExpectedValue: 'true',
        ActualValue: 'false',
        DifferenceType: 'NOT_EQUAL',
      },
    ]);
    account.drift(STACK, 'DomainRecords');
    account.drift(STACK, 'Distribution', [
      {
        PropertyPath: '/DistributionConfig/Origins/1/OriginCustomHeaders/0/HeaderValue',
        ExpectedValue: 'the-secret-of-ghost',
        ActualValue: 'another-secret',
        DifferenceType: 'NOT_EQUAL',
      },
    ]);
    const before = account.calls.length;
    const { drifts } = await findDifferences(await openTestSession(account), STACK);
    expect(JSON.stringify(drifts)).not.toMatch(/the-secret-of-ghost|another-secret/);
    expect(drifts.filter(({ resource }) => resource !== 'Distribution')).toEqual([
      expect.objectContaining({
        resource: 'Bucket',
        status: 'MODIFIED',
        properties: [{ path: '/PublicAccessBlockConfiguration/BlockPublicPolicy', expected: 'true', actual: 'false' }],
      }),
      expect.objectContaining({ resource: 'DomainRecords', status: 'DELETED' }),
    ]);
    expect(account.actions.slice(before).filter((action) => /Execute|:Change/.test(action))).toEqual([]);
  });

  test('refuses to compare with a stack that failed', async () => {
    const { arn } = account.certificates.add({ names: [DOMAIN] });
    account.stacks.add({
      name: STACK,
      parameters: { Domain: DOMAIN, CertificateArn: arn },
      status: 'ROLLBACK_COMPLETE',
    });
    await expect(findDifferences(await openTestSession(account), STACK)).rejects.toThrow('ROLLBACK_COMPLETE');
  });
});
