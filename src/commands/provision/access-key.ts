import { CreateAccessKeyCommand, DeleteAccessKeyCommand, ListAccessKeysCommand } from '@aws-sdk/client-iam';
import type { Aws } from './aws/sign-in';
import { absentIf, call } from './aws/errors';
import type { AccessKey } from './ghost-config';

/** @returns the IDs of the user's access keys; none for a user that is gone */
export async function listAccessKeys({ iam }: Aws, UserName: string): Promise<string[]> {
  const keys = await absentIf(['NoSuchEntity', 'NoSuchEntityException'], () =>
    call('iam:ListAccessKeys', () => iam.send(new ListAccessKeysCommand({ UserName }))),
  );
  return (keys?.AccessKeyMetadata ?? []).map(({ AccessKeyId = '' }) => AccessKeyId);
}

/**
 * Makes an access key. IAM shows its secret this once.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
 */
export async function createAccessKey({ iam }: Aws, UserName: string): Promise<AccessKey> {
  const { AccessKey: key } = await call('iam:CreateAccessKey', () =>
    iam.send(new CreateAccessKeyCommand({ UserName })),
  );
  return { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
}

/** Deletes all access keys of a user: IAM deletes no user that has some. */
export async function deleteAccessKeys(aws: Aws, UserName: string): Promise<void> {
  for (const AccessKeyId of await listAccessKeys(aws, UserName)) {
    await call('iam:DeleteAccessKey', () => aws.iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId })));
  }
}
