/** For how many names the process remembers the last number. */
const MAX_REMEMBERED = 1000;

/**
 * The last number that this process gave to each taken name. Everything that is pasted into the editor is called
 * `image.png`: from the second one on, no request is needed to find out that the name and its first numbers are taken.
 * S3 still decides, because other processes give numbers as well.
 */
export class LastNumbers {
  /** By name. Undefined where names get random suffixes, because more of them are taken than one listing shows. */
  private readonly last = new Map<string, number | undefined>();

  /** @param name a plain name that is taken, unique across directories and buckets */
  has(name: string): boolean {
    return this.last.has(name);
  }

  /** Takes the number after the last one, so that no other upload of this process gets it. */
  next(name: string): number | undefined {
    const last = this.last.get(name);
    const next = last === undefined ? undefined : last + 1;
    this.remember(name, next);
    return next;
  }

  remember(name: string, number: number | undefined): void {
    const last = this.last.get(name) ?? 0;
    // Moves the name to the end, so that the least recently used one comes first.
    this.last.delete(name);
    this.last.set(name, number === undefined ? undefined : Math.max(last, number));
    if (this.last.size > MAX_REMEMBERED) {
      const [oldest = ''] = this.last.keys();
      this.last.delete(oldest);
    }
  }

  /** To be called after a delete: a name may be free again, and Ghost expects the same one for a new thumbnail. */
  forget(): void {
    this.last.clear();
  }
}
