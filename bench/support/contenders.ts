import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Child } from './child';
import type { BucketOptions } from './s3-server';
import type { StorageAnswer, StorageQuestion } from './storage-process';
import type { StorageName, StorageOptions } from './storages';

/** A storage adapter in a process of its own. */
export interface Contender {
  name: StorageName;
  /** @throws Error with the reason if the adapter fails or takes longer than the timeout */
  ask: (question: StorageQuestion, timeoutMs?: number) => Promise<StorageAnswer>;
  close: () => Promise<void>;
}

/** How long (ms) to wait for an answer. */
const TIMEOUT_MS = 300_000;

/** Starts a process that runs a storage adapter. */
export async function startContender(name: StorageName, ghost: string, bucket: BucketOptions): Promise<Contender> {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-storage-'));
  const options: StorageOptions = { name, ghost, bucket, folder };
  const script = path.resolve(__dirname, 'storage-process.ts');
  const [child] = await Child.start<StorageQuestion, StorageAnswer, unknown>(script, options);
  const close = async () => {
    await child.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    name,
    ask: async (question, timeoutMs = TIMEOUT_MS) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`more than ${timeoutMs / 1000} s`)), timeoutMs);
      });
      try {
        const answer = await Promise.race([child.ask(question), late]);
        if (answer.error !== undefined) {
          throw new Error(answer.error);
        }
        return answer;
      } finally {
        clearTimeout(timer);
      }
    },
    close,
  };
}

/** Starts a process for each contender, passes them to `run`, and ends them afterwards. */
export async function withContenders<T>(
  names: StorageName[],
  ghost: string,
  bucket: BucketOptions,
  run: (contenders: Contender[]) => Promise<T>,
): Promise<T> {
  const contenders: Contender[] = [];
  try {
    for (const name of names) {
      contenders.push(await startContender(name, ghost, bucket));
    }
    return await run(contenders);
  } finally {
    await Promise.all(contenders.map((contender) => contender.close()));
  }
}
