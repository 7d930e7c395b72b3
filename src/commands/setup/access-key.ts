import { GetAccessKeyLastUsedCommand } from '@aws-sdk/client-iam';
import { Declined, Failure } from '../../shell/failure';
import { type AccessKey, deleteAccessKey, listAccessKeys, makeAccessKey } from '../provision/access-key';
import type { Session } from '../provision/session';

/**
 * Gives Ghost's user an access key that Ghost's configuration can have. A key whose secret is in no configuration, as
 * after a run that was killed, is useless: it is deleted once the user agrees, since another Ghost may have it.
 *
 * @param inFile ID of the access key in Ghost's configuration
 * @param isUnattended whether consent was given in advance, which does not include deleting a key that was used
 * @returns undefined when the configuration already has a key of the user
 * @throws Declined, Failure when a key that is used would have to be deleted
 */
export async function keyForGhost(
  session: Session,
  user: string,
  inFile: unknown,
  isUnattended: boolean,
): Promise<AccessKey | undefined> {
  const { aws, terminal } = session;
  const existing = await listAccessKeys(aws, user);
  if (typeof inFile === 'string' && existing.includes(inFile)) {
    return undefined;
  }
  for (const id of existing) {
    const { AccessKeyLastUsed } = await aws.iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: id }));
    const usedAt = AccessKeyLastUsed?.LastUsedDate?.toISOString().slice(0, 10);
    const problem = `The user ${user} has the access key ${id}, but Ghost's configuration does not.`;
    if (usedAt !== undefined && isUnattended) {
      throw new Failure(
        `${problem} It was used on ${usedAt}, so another Ghost may need it.`,
        `Write that key and its secret into the configuration of this Ghost, or delete it if nothing uses it: aws iam delete-access-key --user-name ${user} --access-key-id ${id}`,
      );
    }
    terminal.warn(
      `${problem} Its secret cannot be read again. ${usedAt === undefined ? 'It was never used.' : `It was last used on ${usedAt}.`}`,
    );
    if (!(await terminal.confirm(`Delete ${id} and create another key?`))) {
      throw new Declined('The access key was not deleted. Everything else is as it was.');
    }
    await terminal.step(`Deleting the access key ${id}`, () => deleteAccessKey(aws, user, id));
  }
  return makeAccessKey(session, user);
}
