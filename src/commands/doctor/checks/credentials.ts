import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { connect, isAwsEndpoint } from '../../../core/s3/client';
import { type Check, failed, passed, unchecked, warned } from '../check';
import { anonymousAnswer, firstAnswer } from '../facts';
import { codeOf } from '../network';
import { connectionOf, statusOf, wordOf } from '../requests';
import type { SetUp } from '../set-up';

/** S3's limit for the difference of clocks: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html */
const MAX_SKEW_MS = 15 * 60 * 1000;

/** From here on, a clock is going to be a problem. */
const NOTABLE_SKEW_MS = 2 * 60 * 1000;

/** What the SDK notes of where credentials come from, by its own letters. */
const SOURCES: Record<string, string> = {
  CREDENTIALS_CODE: "Ghost's configuration",
  CREDENTIALS_ENV_VARS: 'the environment',
  CREDENTIALS_ENV_VARS_STS_WEB_ID_TOKEN: 'a web identity token',
  CREDENTIALS_PROFILE: 'a profile',
  CREDENTIALS_PROFILE_SOURCE_PROFILE: 'a profile with a role',
  CREDENTIALS_PROFILE_SSO: 'a profile with SSO',
  CREDENTIALS_PROFILE_PROCESS: 'a profile with a program',
  CREDENTIALS_STS_ASSUME_ROLE: 'a role',
  CREDENTIALS_HTTP: 'the role of the container',
  CREDENTIALS_IMDS: 'the role of the machine',
};

const EXPIRED = ['ExpiredToken', 'ExpiredTokenException', 'InvalidToken', 'TokenRefreshRequired'];
const UNKNOWN_KEY = ['InvalidAccessKeyId', 'InvalidClientTokenId', 'UnrecognizedClientException'];
const WRONG_SECRET = ['SignatureDoesNotMatch', 'InvalidSignatureException'];

/** Who Ghost signs in as. */
export const credentialChecks: Check[] = [
  {
    group: 'Credentials',
    name: 'credentials',
    needs: ['options', 'region'],
    run: checkCredentials,
  },
  {
    group: 'Credentials',
    name: 'S3 answers',
    needs: ['options', 'region'],
    async run(setUp) {
      const { config } = setUp;
      const { status, error } = await anonymousAnswer(setUp);
      const where = config.endpoint ?? 'S3';
      return status === undefined
        ? failed(
            `${where} was asked for the bucket ${config.bucket}, without credentials.`,
            `It does not answer (${codeOf(error)}).`,
            `Check ${config.endpoint ? '"endpoint"' : '"region"'} and the network of this machine: proxy, firewall, DNS.`,
          )
        : passed(where);
    },
  },
  {
    group: 'Credentials',
    name: 'clock',
    needs: ['S3 answers'],
    async run(setUp) {
      const { headers, at } = await anonymousAnswer(setUp);
      const theirs = Date.parse(headers.date ?? '');
      if (Number.isNaN(theirs)) {
        return unchecked('S3 does not tell the time');
      }
      const off = at - theirs;
      const minutes = `${Math.round(Math.abs(off) / 60_000)} minutes ${off < 0 ? 'slow' : 'fast'}`;
      const tried = 'The clock of this machine was compared with that of S3.';
      const cure = 'Set the clock, best with NTP (on Linux: timedatectl set-ntp true).';
      if (Math.abs(off) > MAX_SKEW_MS) {
        return failed(tried, `It is ${minutes}: S3 refuses what is signed more than 15 minutes off.`, cure);
      }
      return Math.abs(off) > NOTABLE_SKEW_MS ? warned(tried, `It is ${minutes}.`, cure) : passed('as that of S3');
    },
  },
  {
    group: 'Credentials',
    name: 'accepted',
    needs: ['credentials', 'clock'],
    async run(setUp) {
      const error = await firstAnswer(setUp);
      return (error === undefined ? undefined : refusalOfCredentials(error, setUp)) ?? passed('S3 knows them');
    },
  },
  {
    group: 'Credentials',
    name: 'identity',
    needs: ['accepted'],
    async run({ config, options: { profile } }) {
      if (profile !== undefined && config.accessKeyId === undefined) {
        return warned(
          `The profile ${profile} was signed in with.`,
          'What follows is about what this profile may do, and not about Ghost.',
          'Run the command without --profile too, where Ghost runs and as its user.',
        );
      }
      if (!isAwsEndpoint(config.endpoint)) {
        return unchecked(`${config.endpoint} is not AWS`);
      }
      const client = new STSClient({ ...connectionOf(config), endpoint: undefined });
      try {
        const { Arn } = await client.send(new GetCallerIdentityCommand({}));
        return Arn?.endsWith(':root')
          ? warned(
              'sts:GetCallerIdentity was called.',
              `Ghost signs in as the root user of the account (${Arn}).`,
              'Give Ghost a user or role of its own: provision --identity …, or the command policy.',
            )
          : passed(Arn ?? 'unknown');
      } catch (error) {
        // Ghost needs S3 alone, and a machine may reach nothing else.
        return unchecked(`sts:GetCallerIdentity was not answered (${wordOf(error)})`);
      } finally {
        client.destroy();
      }
    },
  },
];

async function checkCredentials({ config }: SetUp) {
  const tried = config.accessKeyId
    ? '"accessKeyId" and "secretAccessKey" of the configuration were read.'
    : 'The environment, the profile and the role of the machine were searched, as the AWS SDK does it.';
  try {
    const { client } = await connect(config);
    const {
      accessKeyId,
      expiration,
      $source = {},
    } = (await client.config.credentials()) as {
      accessKeyId: string;
      expiration?: Date;
      $source?: Record<string, string>;
    };
    const source = config.accessKeyId
      ? 'CREDENTIALS_CODE'
      : (Object.keys($source).find((name) => name in SOURCES) ?? '');
    if (expiration && expiration.getTime() < Date.now()) {
      return failed(
        tried,
        `They expired at ${expiration.toISOString()}.`,
        'Sign in again (aws sso login), or renew them.',
      );
    }
    const until = expiration ? `, until ${expiration.toISOString()}` : '';
    return passed(`${masked(accessKeyId)} from ${SOURCES[source] ?? 'the AWS SDK'}${until}`);
  } catch (error) {
    return failed(
      tried,
      `There are none: ${(error as Error).message}`,
      'Set "accessKeyId" and "secretAccessKey", give the machine a role (EC2, ECS), or name a profile with --profile.',
    );
  }
}

function refusalOfCredentials(error: unknown, { config }: SetUp) {
  const word = wordOf(error);
  const tried = `A signed request was sent to ${config.endpoint ?? 'S3'}.`;
  const inConfig = config.accessKeyId !== undefined;
  if (EXPIRED.includes(word)) {
    return failed(
      tried,
      `The session token is invalid or has expired (${word}).`,
      inConfig
        ? 'Renew "sessionToken" together with its keys, or remove all three to use the role of the machine.'
        : 'Sign in again (aws sso login), or fetch new temporary credentials.',
    );
  }
  if (UNKNOWN_KEY.includes(word)) {
    return failed(
      tried,
      `S3 does not know the access key ID (${word}).`,
      inConfig
        ? 'Correct "accessKeyId", or remove it with "secretAccessKey" to use the role of the machine.'
        : 'Correct the credentials where they come from. Keys of another S3 service, or deleted ones, are unknown too.',
    );
  }
  if (WRONG_SECRET.includes(word)) {
    return failed(
      tried,
      `The secret access key does not belong to the access key ID (${word}).`,
      inConfig ? 'Correct "secretAccessKey".' : 'Correct the secret access key where it comes from.',
    );
  }
  if (word === 'RequestTimeTooSkewed') {
    return failed(tried, `The clock of this machine is wrong (${word}).`, 'Set the clock, best with NTP.');
  }
  return statusOf(error) === undefined
    ? failed(tried, `It was not answered (${codeOf(error)}).`, 'Check "endpoint" and the network of this machine.')
    : undefined;
}

/** Enough of a key ID to find it again in IAM. */
const masked = (accessKeyId: string) =>
  accessKeyId.length < 16 ? '…' : `${accessKeyId.slice(0, 4)}…${accessKeyId.slice(-4)}`;
