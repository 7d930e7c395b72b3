import { CreateAccessKeyCommand, DeleteAccessKeyCommand, ListAccessKeysCommand } from '@aws-sdk/client-iam';
import { absentIf } from '../../aws/errors';
import type { Aws } from '../../aws/sign-in';
import type { Session } from './session';

/** An access key. IAM shows its secret only when the key is created. */
export interface AccessKey {
  accessKeyId: string;
  secretAccessKey: string;
}

/** Returns the IDs of the user's access keys; none for a user that does not exist. */
export async function listAccessKeys({ iam }: Aws, UserName: string): Promise<string[]> {
  const keys = await absentIf(['NoSuchEntity', 'NoSuchEntityException'], () =>
    iam.send(new ListAccessKeysCommand({ UserName })),
  );
  return (keys?.AccessKeyMetadata ?? []).map(({ AccessKeyId = '' }) => AccessKeyId);
}

/**
 * Creates the access key that Ghost needs, unless the user has one already.
 *
 * @returns undefined when there is one, after a warning
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
 */
export async function createAccessKey(session: Session, UserName: string): Promise<AccessKey | undefined> {
  const [existing] = await listAccessKeys(session.aws, UserName);
  if (existing) {
    session.terminal.warn(
      `The user ${UserName} already has the access key ${existing}. IAM no longer shows its secret. No other key was created.\n` +
        '  If the secret is lost, run the command with --rotate-access-key. It creates a second key, and deletes this one in a second run.',
    );
    return undefined;
  }
  return makeAccessKey(session, UserName);
}

/** Creates an access key. */
export async function makeAccessKey({ aws, terminal }: Session, UserName: string): Promise<AccessKey> {
  const { AccessKey: key } = await terminal.step(`Making an access key for the user ${UserName}`, () =>
    aws.iam.send(new CreateAccessKeyCommand({ UserName })),
  );
  return { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
}

/** Deletes all access keys of a user, without which IAM would not delete the user. */
export async function deleteAccessKeys(aws: Aws, UserName: string): Promise<void> {
  for (const id of await listAccessKeys(aws, UserName)) {
    await deleteAccessKey(aws, UserName, id);
  }
}

/** Deletes an access key of a user. */
export async function deleteAccessKey({ iam }: Aws, UserName: string, AccessKeyId: string): Promise<void> {
  await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
}
