import { type AccessKeyMetadata, GetAccessKeyLastUsedCommand, paginateListAccessKeys } from '@aws-sdk/client-iam';
import { Declined, Failure } from '../../shell/failure';
import { type AccessKey, deleteAccessKey, makeAccessKey } from '../provision/access-key';
import type { Session } from '../provision/session';

/** How many access keys IAM allows a user. */
const MOST_KEYS = 2;

/**
 * How long (ms) IAM may take to record that a key was used. Until then, another Ghost may have an unused key.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
 */
const USE_IS_KNOWN_AFTER_MS = 4 * 3_600_000;

/** An access key that Ghost's configuration does not have. */
interface OtherKey {
  id: string;
  /** `2026-11-28`; undefined when IAM has no record of a use. */
  usedOn?: string;
  /** Whether it is hours old and was never used, as after a run that was killed. */
  isUnused: boolean;
}

/**
 * Creates an access key for Ghost's configuration. A key whose secret is in no configuration, as after a run that was
 * killed, is useless, but another Ghost may have it, even one that has stored no file yet. It is deleted only when the
 * user agrees, or when an unattended run has no room for a new key: IAM allows two.
 *
 * @param inFile ID of the access key in Ghost's configuration
 * @param isUnattended whether consent was given in advance, which does not include deleting a key that may be in use
 * @returns undefined when the configuration already has a key of the user
 * @throws Declined, Failure when there is no room for another key
 */
export async function keyForGhost(
  session: Session,
  user: string,
  inFile: unknown,
  isUnattended: boolean,
): Promise<AccessKey | undefined> {
  const { aws, terminal } = session;
  const existing = await listKeys(session, user);
  if (existing.some(({ AccessKeyId }) => AccessKeyId === inFile)) {
    return undefined;
  }
  const others = await Promise.all(existing.map((key) => lookAt(session, key)));
  let left = others.length;
  for (const { id, usedOn, isUnused } of others) {
    terminal.warn(
      `The user ${user} has the access key ${id}, but Ghost's configuration does not. ${usedOn ? `It was last used on ${usedOn}.` : 'IAM has no record of its use.'} Its secret cannot be read again.`,
    );
    const isAgreed = isUnattended
      ? isUnused && left === MOST_KEYS
      : await terminal.confirm(`Delete the access key ${id} (only if no other Ghost uses it)?`);
    if (isAgreed) {
      await terminal.step(`Deleting the access key ${id}`, () => deleteAccessKey(aws, user, id));
      left -= 1;
    }
  }
  if (left === MOST_KEYS) {
    refuseThird(user, others, isUnattended);
  }
  return makeAccessKey(session, user);
}

/**
 * Deletes an access key that could not be written into Ghost's configuration: its secret is in no file, and IAM allows
 * two keys. The problem that prevented this is always shown.
 */
export async function discardKey({ aws, terminal }: Session, user: string, id: string): Promise<void> {
  try {
    // Even after Ctrl-C, which ends every step.
    await deleteAccessKey(aws, user, id);
    terminal.say(`The new access key ${id} was deleted again, because it was not written into any file.`);
  } catch (error) {
    terminal.warn(
      `The new access key ${id} of the user ${user} is not in any file, and could not be deleted: ${(error as Error).message}`,
    );
  }
}

async function listKeys({ aws }: Session, UserName: string): Promise<AccessKeyMetadata[]> {
  const found: AccessKeyMetadata[] = [];
  for await (const { AccessKeyMetadata = [] } of paginateListAccessKeys({ client: aws.iam }, { UserName })) {
    found.push(...AccessKeyMetadata);
  }
  return found;
}

async function lookAt({ aws }: Session, { AccessKeyId: id = '', CreateDate }: AccessKeyMetadata): Promise<OtherKey> {
  const { AccessKeyLastUsed } = await aws.iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: id }));
  const usedOn = AccessKeyLastUsed?.LastUsedDate?.toISOString().slice(0, 10);
  const age = Date.now() - (CreateDate?.getTime() ?? Date.now());
  return { id, usedOn, isUnused: usedOn === undefined && age > USE_IS_KNOWN_AFTER_MS };
}

function refuseThird(user: string, others: OtherKey[], isUnattended: boolean): never {
  if (!isUnattended) {
    throw new Declined(
      'No access key was deleted, and IAM allows only two for each user. Everything else is unchanged.',
    );
  }
  const keys = others.map(({ id, usedOn }) => `${id} (${usedOn ? `last used on ${usedOn}` : 'no record of its use'})`);
  throw new Failure(
    `The user ${user} has two access keys, ${keys.join(' and ')}, and IAM does not allow a third one.`,
    `Write one of them and its secret into the configuration of this Ghost. Or find out which one no Ghost uses, and delete it: aws iam delete-access-key --user-name ${user} --access-key-id …\nWithout --yes, this command asks which key to delete.`,
  );
}
