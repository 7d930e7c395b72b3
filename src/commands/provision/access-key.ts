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
 * Creates the access key for Ghost, unless the user already has one.
 *
 * @returns undefined when the user already has one, after a warning
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
 */
export async function createAccessKey(session: Session, UserName: string): Promise<AccessKey | undefined> {
  const [existing] = await listAccessKeys(session.aws, UserName);
  if (existing) {
    session.terminal.warn(
      `The user ${UserName} already has the access key ${existing}, so no other key was created. IAM does not show its secret again.\n` +
        '  If the secret is lost, run the command with --rotate-access-key. It creates a second key and, when you run it again, deletes this one.',
    );
    return undefined;
  }
  return makeAccessKey(session, UserName);
}

/** Creates an access key, even if the user already has one. */
export async function makeAccessKey({ aws, terminal }: Session, UserName: string): Promise<AccessKey> {
  const { AccessKey: key } = await terminal.step(`Creating an access key for the user ${UserName}`, () =>
    aws.iam.send(new CreateAccessKeyCommand({ UserName })),
  );
  return { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
}

/** Deletes all access keys of a user. IAM does not delete a user that has keys. */
export async function deleteAccessKeys(aws: Aws, UserName: string): Promise<void> {
  for (const id of await listAccessKeys(aws, UserName)) {
    await deleteAccessKey(aws, UserName, id);
  }
}

/** Deletes an access key of a user. */
export async function deleteAccessKey({ iam }: Aws, UserName: string, AccessKeyId: string): Promise<void> {
  await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
}
