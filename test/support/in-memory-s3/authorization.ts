import { ACCOUNT_ID, evaluate, isPublic, parsePolicy, type Policy, type PolicyQuestion } from './policy';
import { S3Error } from './s3-error';
import type { Bucket } from './store';
import type { Credentials, InMemoryS3User } from './types';

/** The user who sends a request; undefined for an anonymous one. */
export type Caller = User | undefined;

/** A user with keys. */
export class User {
  readonly arn: string;
  readonly policy: Policy | undefined;

  constructor(
    readonly credentials: Credentials & { sessionToken?: string; expiresAt?: Date },
    readonly isRoot: boolean,
    policy?: InMemoryS3User['policy'],
  ) {
    this.arn = `arn:aws:iam::${ACCOUNT_ID}:${isRoot ? 'root' : `user/${credentials.accessKeyId}`}`;
    this.policy = policy && parsePolicy(JSON.stringify(policy));
  }
}

export interface AccessQuestion {
  caller: Caller;
  /** IAM's name, such as `s3:GetObject`. */
  action: string;
  bucket?: Bucket;
  /** Absent for actions on the bucket itself. */
  key?: string;
  context: PolicyQuestion['context'];
}

/** The account's owner may always perform these, to undo a policy that locks everybody out. */
const ownerActions = ['s3:GetBucketPolicy', 's3:PutBucketPolicy', 's3:DeleteBucketPolicy'];

/**
 * Decides as S3 does for callers of the bucket's own account: neither policy may deny, and one of them must allow.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function isAllowed({ caller, action, bucket, key, context }: AccessQuestion): boolean {
  if (caller?.isRoot && ownerActions.includes(action)) return true;
  const question: PolicyQuestion = { principal: caller?.arn, action, resource: resourceArn(bucket, key), context };
  const ofBucket = bucket?.policy ? evaluate(bucket.policy, question) : 'silent';
  const ofUser = evaluateUser(caller, question);
  if (ofBucket === 'deny' || ofUser === 'deny') return false;
  if (ofUser === 'allow') return true;
  if (!caller && bucket?.publicAccessBlock?.RestrictPublicBuckets && bucket.policy && isPublic(bucket.policy)) {
    return false;
  }
  return ofBucket === 'allow' || (action === 's3:GetObject' && isReadableByAcl(caller, bucket, key));
}

/** @throws AccessDenied, which names the missing permission if the caller belongs to the account */
export function requireAllowed(question: AccessQuestion): void {
  if (!isAllowed(question)) throw accessDenied(question);
}

function accessDenied({ caller, action, bucket, key }: AccessQuestion): S3Error {
  if (!caller) return new S3Error('AccessDenied', 'Access Denied');
  return new S3Error(
    'AccessDenied',
    `User: ${caller.arn} is not authorized to perform: ${action} on resource: "${resourceArn(bucket, key)}"`,
  );
}

function evaluateUser(caller: Caller, question: PolicyQuestion): 'allow' | 'deny' | 'silent' {
  if (!caller) return 'silent';
  return caller.policy ? evaluate(caller.policy, question) : 'allow';
}

function resourceArn(bucket: Bucket | undefined, key: string | undefined): string {
  if (!bucket) return 'arn:aws:s3:::*';
  return key === undefined ? `arn:aws:s3:::${bucket.name}` : `arn:aws:s3:::${bucket.name}/${key}`;
}

function isReadableByAcl(caller: Caller, bucket: Bucket | undefined, key: string | undefined): boolean {
  if (!bucket || key === undefined || bucket.publicAccessBlock?.IgnorePublicAcls) return false;
  const acl = bucket.objects.get(key)?.acl;
  return acl === 'public-read' || acl === 'public-read-write' || (acl === 'authenticated-read' && caller !== undefined);
}
