import { createHash } from 'node:crypto';

/**
 * Remembers to which old object each key belongs, because two old keys may become the same one: `2020/a.jpg`, `2020//a.jpg` and
 * `content/images/2020/a.jpg`. S3 alone cannot tell: an object under the key may be there since the last run, and
 * `--overwrite` replaces it.
 *
 * It takes about 70 bytes for each object of the old bucket.
 */
export class KeyOwners {
  /** By the hash of the key; usual old keys by their number. */
  private readonly owners = new Map<string, string | number>();

  /**
   * Gives a key to an old object unless another has it.
   *
   * @param usual the old keys that usually become the key
   * @returns the old key that has it
   */
  claim(key: string, oldKey: string, usual: readonly string[]): string {
    // 72 bits, of which no two are the same among all objects that a bucket may hold.
    const hash = createHash('sha256').update(key).digest('base64').slice(0, 12);
    const owner = this.owners.get(hash);
    if (owner === undefined) {
      const number = usual.indexOf(oldKey);
      this.owners.set(hash, number < 0 ? oldKey : number);
      return oldKey;
    }
    return typeof owner === 'number' ? (usual[owner] as string) : owner;
  }
}
