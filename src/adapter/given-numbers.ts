/** Of so many names it is remembered which number was given last. */
const MAX_REMEMBERED = 1000;

/**
 * The numbers that this process has given to uploads of one name. Whatever is pasted into the editor is called
 * `image.png`: the next one need not find out again that the name is taken, and up to which number. S3 still has the
 * last word, as other processes give numbers as well.
 */
export class GivenNumbers {
  /** Undefined where names have random suffixes, as more are taken than can be counted. */
  private readonly last = new Map<string, number | undefined>();

  /** @param name that is taken, with all that tells it from others */
  has(name: string): boolean {
    return this.last.has(name);
  }

  /** @returns the number after the last one, which nobody else in this process gets */
  next(name: string): number | undefined {
    const last = this.last.get(name);
    const next = last === undefined ? undefined : last + 1;
    this.gave(name, next);
    return next;
  }

  gave(name: string, number: number | undefined): void {
    const last = this.last.get(name) ?? 0;
    // Given again, it is the youngest.
    this.last.delete(name);
    this.last.set(name, number === undefined ? undefined : Math.max(last, number));
    if (this.last.size > MAX_REMEMBERED) {
      const [oldest = ''] = this.last.keys();
      this.last.delete(oldest);
    }
  }

  /** Something was deleted: a name may be free again, and Ghost wants it back for a thumbnail that it replaces. */
  forget(): void {
    this.last.clear();
  }
}
