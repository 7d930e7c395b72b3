import {
  type AccessKeyMetadata,
  DeleteAccessKeyCommand,
  GetAccessKeyLastUsedCommand,
  ListAccessKeysCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam';
import type { Aws } from '../../../aws/sign-in';
import { requireStack } from '../../../aws/stack';
import { Failure } from '../../../shell/failure';
import { makeAccessKey } from '../access-key';
import { confirmPlan } from '../confirm-plan';
import { type PlannedStep, stepLines } from '../plan';
import type { Session } from '../session';
import { readGhostOptions, writeOrPrintOptions, type WrittenOptions } from './ghost-options';

/** The result of `provision --rotate-access-key`. */
export interface RotatedAccessKey extends WrittenOptions {
  stackName: string;
  /** The ID of the key that Ghost should use. */
  accessKeyId: string;
  /** The ID of the deleted key; undefined after the first run, which created the new one. */
  deleted?: string;
}

interface Key {
  id: string;
  createdAt: Date;
  isActive: boolean;
  /** The last use according to IAM; undefined when it was never used. */
  usedAt?: Date;
  /** The service of the last use, `s3`. */
  usedFor?: string;
}

/**
 * Replaces the access key of the stack's user in two runs: the first one creates a second key, the second one deletes
 * the older key if the newer one has been used. The only key of a user is never deleted.
 *
 * @param options `writeConfig`: Ghost's configuration file, undefined to print the options; `json`: whether the result
 *   is printed as JSON, so that the secret is not also shown on the terminal
 * @throws Failure with the cause and a fix; Declined when the user declines
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id-credentials-access-keys-update.html
 */
export async function rotateAccessKey(
  session: Session,
  stackName: string,
  { writeConfig, json }: { writeConfig?: string; json?: boolean },
): Promise<RotatedAccessKey> {
  const { aws, terminal } = session;
  const { user, keys, inFile } = await terminal.step('Checking the current state', async () => {
    const stack = await requireStack(aws, stackName);
    const { GhostUserName } = stack.outputs;
    if (!GhostUserName) {
      throw new Failure(
        `The stack ${stackName} has no IAM user with an access key, because its identity is ${stack.parameters.Identity ?? 'policy-only'}.`,
        'To replace the key of your own user, see "New secrets" in docs/aws-by-hand.md.',
      );
    }
    const options = writeConfig === undefined ? undefined : readGhostOptions(writeConfig, stack);
    return { user: GhostUserName, keys: await readKeys(aws, GhostUserName), inFile: options && options.accessKeyId };
  });
  const [newer, older] = keys;
  if (!newer) {
    throw new Failure(
      `The user ${user} has no access key.`,
      'Create the first one with --create-access-key instead of --rotate-access-key.',
    );
  }
  if (writeConfig !== undefined && inFile !== newer.id) {
    throw wrongFile(writeConfig, user, inFile, newer, older);
  }
  const result = older
    ? await deleteOlder(session, user, newer, older)
    : await addSecond(session, user, newer, { writeConfig, json });
  return { stackName, ...result };
}

/** Returns the keys of a user, the newest first. */
async function readKeys({ iam }: Aws, UserName: string): Promise<Key[]> {
  const { AccessKeyMetadata = [] } = await iam.send(new ListAccessKeysCommand({ UserName }));
  const keys = AccessKeyMetadata.map(async ({ AccessKeyId = '', CreateDate, Status }: AccessKeyMetadata) => {
    const { AccessKeyLastUsed } = await iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }));
    return {
      id: AccessKeyId,
      createdAt: CreateDate ?? new Date(0),
      isActive: Status !== 'Inactive',
      usedAt: AccessKeyLastUsed?.LastUsedDate,
      usedFor: AccessKeyLastUsed?.ServiceName,
    };
  });
  return (await Promise.all(keys)).sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime());
}

function wrongFile(file: string, user: string, inFile: unknown, newer: Key, older: Key | undefined): Failure {
  if (typeof inFile !== 'string') {
    return new Failure(
      `--write-config: ${file} has no "accessKeyId", so Ghost gets its credentials from elsewhere.`,
      'Leave out --write-config, and replace the current key yourself where Ghost gets it from.',
    );
  }
  return older && inFile === older.id
    ? new Failure(
        `--write-config: ${file} has the access key ${older.id} of ${user}, which is the older one.`,
        `Put the newer key, ${newer.id}, into the file. If its secret is lost, delete that key and run the command again: aws iam delete-access-key --user-name ${user} --access-key-id ${newer.id}`,
      )
    : new Failure(
        `--write-config: ${file} has an access key that does not belong to the user ${user} of the stack.`,
        'Use the configuration file of the blog that uses this image server, or leave out --write-config.',
      );
}

async function addSecond(
  session: Session,
  user: string,
  present: Key,
  { writeConfig, json }: { writeConfig?: string; json?: boolean },
): Promise<Omit<RotatedAccessKey, 'stackName'>> {
  const { terminal } = session;
  await confirmSteps(session, user, [
    { sign: '+', what: 'access key', words: `a second key; ${present.id} stays valid until the next run` },
    {
      sign: '~',
      what: 'configuration',
      words: `${writeConfig ?? "Ghost's configuration (which you edit)"} gets the new key`,
    },
  ]);
  const key = await makeAccessKey(session, user);
  terminal.say();
  const written = writeOrPrintOptions(terminal, writeConfig, { ...key }, json);
  terminal.say('Save the secret of the key: IAM shows it only once.');
  terminal.say('Restart Ghost with the new key, upload an image, and run the same command again.');
  terminal.say(`That run deletes the old key, ${present.id}, which stays valid until then.`);
  return { accessKeyId: key.accessKeyId, ...written };
}

async function deleteOlder(
  session: Session,
  user: string,
  newer: Key,
  older: Key,
): Promise<Omit<RotatedAccessKey, 'stackName'>> {
  const { aws, terminal } = session;
  if (!newer.isActive || newer.usedAt === undefined) {
    throw new Failure(
      newer.isActive
        ? `IAM has no record of any use of the newer access key ${newer.id} of ${user}. Ghost may still use ${older.id}.`
        : `The newer access key ${newer.id} of ${user} is inactive, so Ghost cannot use it.`,
      newer.isActive
        ? `Restart Ghost with ${newer.id} in its configuration, upload an image, and run the command again in a few minutes, because IAM reports uses with a delay. ` +
            `If its secret is lost, delete the key, and the next run creates another one: aws iam delete-access-key --user-name ${user} --access-key-id ${newer.id}`
        : `Activate it: aws iam update-access-key --user-name ${user} --access-key-id ${newer.id} --status Active`,
    );
  }
  if (older.usedAt && older.usedAt > newer.usedAt) {
    throw new Failure(
      `${older.id} of ${user} was used after ${newer.id}: at ${minute(older.usedAt)}, for ${older.usedFor ?? 'a service'}. Ghost or something else still uses it.`,
      `Restart Ghost with ${newer.id} in its configuration, give that key to everything else that uses the old one, upload an image, and run the command again in a few minutes.`,
    );
  }
  if (older.usedAt && older.usedAt > newer.createdAt) {
    terminal.warn(
      `${older.id} was used after ${newer.id} was created: at ${minute(older.usedAt)}, for ${older.usedFor ?? 'a service'}.\n` +
        `  That may have been Ghost before its restart (${newer.id} was last used at ${minute(newer.usedAt)}). Anything that still uses the old key will lose access.`,
    );
  }
  await confirmSteps(session, user, [
    { sign: '=', what: 'access key', words: `${newer.id} of ${minute(newer.createdAt)}, which Ghost uses` },
    { sign: '-', what: 'access key', words: `${older.id} of ${minute(older.createdAt)}` },
  ]);
  const key = { UserName: user, AccessKeyId: older.id };
  await terminal.step(`Deleting the access key ${older.id}`, async () => {
    // If the deletion fails, the key must not stay valid.
    await aws.iam.send(new UpdateAccessKeyCommand({ ...key, Status: 'Inactive' }));
    await aws.iam.send(new DeleteAccessKeyCommand(key));
  });
  terminal.say(terminal.colors.green(`✔ ${user} now has only the access key ${newer.id}.`));
  return { accessKeyId: newer.id, deleted: older.id };
}

async function confirmSteps({ aws, terminal }: Session, user: string, steps: PlannedStep[]): Promise<void> {
  const title = `A new access key for the user ${user} in the account ${aws.account}`;
  await confirmPlan(terminal, [terminal.colors.bold(title), '', ...stepLines(steps, terminal.colors), '']);
}

/** `2026-11-28 15:04 UTC` */
const minute = (date: Date) => `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
