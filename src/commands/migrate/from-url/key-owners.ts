import { createHash } from 'node:crypto';

/**
 * Remembers which old object each new key belongs to, because several old keys can become the same new one:
 * `2020/a.jpg`, `2020//a.jpg` and `content/images/2020/a.jpg`. The bucket does not tell: the object at the key may be
 * from the last run, and `--overwrite` replaces it.
 *
 * This needs about 70 bytes for each object of the old bucket.
 */
export class KeyOwners {
  /** Old keys by the hash of the new key; usual old keys as their index. */
  private readonly owners = new Map<string, string | number>();

  /**
   * Assigns a new key to an old object, unless another one has it.
   *
   * @param usual the old keys that usually become this new key
   * @returns the old key that the new key is assigned to
   */
  claim(key: string, oldKey: string, usual: readonly string[]): string {
    // 72 bits make a collision practically impossible, even in a large bucket.
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
