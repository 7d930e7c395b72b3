import { type AccessKeyMetadata, GetAccessKeyLastUsedCommand, paginateListAccessKeys } from '@aws-sdk/client-iam';
import { Declined, Failure } from '../../shell/failure';
import { type AccessKey, deleteAccessKey, makeAccessKey } from '../provision/access-key';
import type { Session } from '../provision/session';

/** How many access keys IAM allows a user. */
const MOST_KEYS = 2;

/**
 * How long (ms) IAM may take to know that a key was used. Until then, an unused key may be that of another Ghost.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
 */
const USE_IS_KNOWN_AFTER_MS = 4 * 3_600_000;

/**
 * Gives Ghost's user an access key that Ghost's configuration can have. A key whose secret is in no configuration, as
 * after a run that was killed, is useless; but another Ghost may have it. It is deleted only when the user says so, or
 * when it was never used in hours. IAM allows two keys, so that a new one mostly fits next to it.
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
  const existing = await listKeys(session, user);
  if (existing.some(({ AccessKeyId }) => AccessKeyId === inFile)) {
    return undefined;
  }
  let left = existing.length;
  for (const { AccessKeyId: id = '', CreateDate } of existing) {
    const usedAt = await lastUseOf(session, id);
    const isUseless = usedAt === undefined && Date.now() - (CreateDate?.getTime() ?? 0) > USE_IS_KNOWN_AFTER_MS;
    session.terminal.warn(
      `The user ${user} has the access key ${id}, but Ghost's configuration does not. ${usedAt ? `It was last used on ${usedAt.toISOString().slice(0, 10)}.` : 'IAM knows of no use.'} Its secret cannot be read again.`,
    );
    if (
      isUseless ||
      (!isUnattended && (await session.terminal.confirm(`Does no other Ghost use ${id}, so that it can be deleted?`)))
    ) {
      await session.terminal.step(`Deleting the access key ${id}`, () => deleteAccessKey(session.aws, user, id));
      left -= 1;
    }
  }
  if (left === MOST_KEYS) {
    refuseThird(user, existing, isUnattended);
  }
  return makeAccessKey(session, user);
}

/**
 * Deletes an access key that could not be written into Ghost's configuration: its secret is in no file, and IAM allows
 * two keys. The problem that kept it from being written is shown in any case.
 */
export async function discardKey({ aws, terminal }: Session, user: string, id: string): Promise<void> {
  try {
    // Also after Ctrl-C, which ends every step.
    await deleteAccessKey(aws, user, id);
    terminal.say(`The access key ${id} was deleted again, since no file has it.`);
  } catch (error) {
    terminal.warn(`The access key ${id} of the user ${user} is in no file, and stays: ${(error as Error).message}`);
  }
}

async function listKeys({ aws }: Session, UserName: string): Promise<AccessKeyMetadata[]> {
  const found: AccessKeyMetadata[] = [];
  for await (const { AccessKeyMetadata = [] } of paginateListAccessKeys({ client: aws.iam }, { UserName })) {
    found.push(...AccessKeyMetadata);
  }
  return found;
}

async function lastUseOf({ aws }: Session, AccessKeyId: string): Promise<Date | undefined> {
  const { AccessKeyLastUsed } = await aws.iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }));
  return AccessKeyLastUsed?.LastUsedDate;
}

function refuseThird(user: string, existing: AccessKeyMetadata[], isUnattended: boolean): never {
  if (!isUnattended) {
    throw new Declined('No access key was deleted, and IAM allows no third one. Everything else is as it was.');
  }
  const ids = existing.map(({ AccessKeyId = '' }) => AccessKeyId);
  throw new Failure(
    `The user ${user} has two access keys, ${ids.join(' and ')}, and IAM allows no third one.`,
    `Write one of them with its secret into the configuration of this Ghost, or delete one that nothing uses:\naws iam delete-access-key --user-name ${user} --access-key-id ${ids[0]}`,
  );
}
