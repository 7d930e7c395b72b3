import type { ContentHeaders } from '../content-headers';
import { statusOf } from '../foreign-error';
import type { Bucket } from './bucket';
import { knownService } from './service';

/**
 * What is known about a service's conditional writes (`If-None-Match: *`).
 *
 * - `unknown`: nothing yet.
 * - `kept`: a write of a taken key is refused.
 * - `ignored`: the condition has no effect, and a second write replaces the first.
 * - `not-implemented`: a write with a condition is refused (501).
 */
export type ConditionalWrites = 'unknown' | 'kept' | 'ignored' | 'not-implemented';

/** The most times that a service is tested when the tests show nothing. */
const MAX_TESTS = 3;

/** By endpoint and bucket. */
const learned = new Map<string, ConditionalWrites>();

/** How often each endpoint and bucket was tested. */
const tests = new Map<string, number>();

const beingTested = new Set<string>();

/** Returns what this process has learned about the service of a bucket. AWS, which keeps its conditions, is not tested. */
export function conditionalWritesOf({ identity }: Bucket): ConditionalWrites {
  return learned.get(identity) ?? 'unknown';
}

/** Returns whether the conditional writes of a bucket's service work, as far as is known. */
export function hasConditionalWrites(bucket: Bucket): boolean {
  return !['ignored', 'not-implemented'].includes(conditionalWritesOf(bucket));
}

/** Remembers for the whole process that a service refuses writes with a condition. */
export function rememberNotImplemented({ identity }: Bucket): void {
  learned.set(identity, 'not-implemented');
}

/**
 * Learns, once per process, whether a service keeps the condition of a write: an object that was just stored is written
 * again with the same bytes and headers under the same condition. Only 412 shows that it is kept. The caller must not
 * let anything else in this process write to the key at the same time.
 *
 * The second write is harmless: a service that keeps conditions refuses it, even when a response is lost and the SDK
 * sends it again, and any other service stores the same content again. Where conditions are ignored, another process
 * may store the same name between the two writes; then its file is lost instead of ours, which it had replaced. This is
 * the very problem that the test detects, and it lasts for one upload. A test that fails in any other way shows
 * nothing, and never fails the upload.
 */
export async function learnFromStored(
  bucket: Bucket,
  key: string,
  bytes: Uint8Array,
  headers: ContentHeaders,
): Promise<void> {
  const { identity } = bucket;
  const count = tests.get(identity) ?? 0;
  if (conditionalWritesOf(bucket) !== 'unknown' || beingTested.has(identity) || count >= MAX_TESTS) {
    return;
  }
  tests.set(identity, count + 1);
  beingTested.add(identity);
  try {
    await bucket.put(key, bytes, headers, { onlyIfFree: true });
    learned.set(identity, 'ignored');
  } catch (error) {
    if (statusOf(error) === 412) {
      learned.set(identity, 'kept');
    }
  } finally {
    beingTested.delete(identity);
  }
}

/** Returns the problem with the conditional writes of a service and the fix, for the log and `doctor`. */
export function explainConditionalWrites(
  { config }: Bucket,
  known: 'ignored' | 'not-implemented',
): [problem: string, cure: string] {
  const { endpoint, source = '"endpoint"' } = knownService(config);
  const service = endpoint ? `The service at ${source} (${endpoint})` : 'S3';
  const problem =
    known === 'ignored'
      ? 'ignores the condition of a conditional write: a second write replaces the first.'
      : 'does not support conditional writes (501).';
  return [
    `${service} ${problem} When several Ghosts use this bucket and upload two files with the same name at the same moment, one replaces the other.`,
    'Run only one Ghost process on this bucket, or use a service with conditional writes.',
  ];
}
