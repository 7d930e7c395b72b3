import { type Caller } from './authorization';
import type { ServerState } from './operation';
import { S3Error } from './s3-error';
import { type ChunkSigner, type Signature, type SignedRequest, verifySignature } from './signature';
import type { Bucket } from './store';

/**
 * Returns the user who signed a request.
 *
 * @param bucket the request's bucket, if it exists
 * @throws InvalidAccessKeyId, AuthorizationHeaderMalformed or PermanentRedirect for a wrong region, and the errors of
 *   `verifySignature`
 */
export function authenticate(
  signature: Signature | undefined,
  request: SignedRequest,
  bucket: Bucket | undefined,
  state: ServerState,
): { caller: Caller; signer?: ChunkSigner } {
  if (!signature) return { caller: undefined };
  const user = state.users.get(signature.accessKeyId);
  if (!user) {
    throw new S3Error('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', {
      AWSAccessKeyId: signature.accessKeyId,
    });
  }
  const signer = verifySignature(signature, request, user, new Date());
  verifyRegion(signature, bucket, state);
  return { caller: user, signer };
}

/**
 * Checks the region of a signature: the endpoint accepts its own, redirects requests for a bucket in another region, and
 * refuses all others.
 */
function verifyRegion({ region, isPresigned }: Signature, bucket: Bucket | undefined, state: ServerState): void {
  const expected = bucket?.region ?? state.region;
  if (region === expected) return;
  const headers: Record<string, string> = bucket ? { 'x-amz-bucket-region': bucket.region } : {};
  if (bucket && region === state.region) {
    throw new S3Error(
      'PermanentRedirect',
      'The bucket you are attempting to access must be addressed using the specified endpoint.',
      { Endpoint: `${bucket.name}.s3.${bucket.region}.amazonaws.com`, Bucket: bucket.name },
      headers,
    );
  }
  throw new S3Error(
    isPresigned ? 'AuthorizationQueryParametersError' : 'AuthorizationHeaderMalformed',
    `The authorization is malformed; the region '${region}' is wrong; expecting '${expected}'`,
    { Region: expected },
    headers,
  );
}
