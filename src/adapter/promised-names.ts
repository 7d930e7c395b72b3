/**
 * The most names that are promised at a time. Ghost's importer asks for all names of a zip before it saves the first
 * file.
 */
const MAX_PROMISED = 20_000;

/**
 * The file for which Ghost wants a name: the name that it was uploaded with and, except for inlined media, its path.
 */
export interface PromiseHolder {
  name: string;
  path?: string;
}

/** The names that `getUniqueFileName` returned and that no file has yet.
 *
 * Ghost's importer writes these names into the posts, and then calls `save` with the same files: each file has to get
 * its own name, even if another one has become free since, and no other upload of this process may get it.
 * https://github.com/TryGhost/Ghost/blob/main/ghost/core/core/server/data/importer/handlers/image.js
 */
export class PromisedNames {
  /** The series of each promised name, oldest first. */
  private readonly series = new Map<string, string>();
  /** Which file has which names of a series. */
  private readonly holders = new Map<string, Map<string, PromiseHolder>>();

  /**
   * @param name the promised name, unique across directories and buckets
   * @param series the same name without a number
   * @returns whether it was promised; false when another file has the promise
   */
  promise(name: string, series: string, holder: PromiseHolder): boolean {
    if (this.has(name)) {
      return false;
    }
    this.series.set(name, series);
    const holders = this.holders.get(series) ?? new Map<string, PromiseHolder>();
    this.holders.set(series, holders.set(name, { name: holder.name, path: holder.path }));
    if (this.series.size > MAX_PROMISED) {
      const [oldest = ''] = this.series.keys();
      this.end(oldest);
    }
    return true;
  }

  /** Returns the name that was promised to the file with this path, else to a file of this name without a path. */
  find(series: string, { name, path }: PromiseHolder): string | undefined {
    const ofName = [...(this.holders.get(series) ?? [])].filter(([, holder]) => holder.name === name);
    const [found] =
      ofName.find(([, holder]) => holder.path === path) ?? ofName.find(([, holder]) => holder.path === undefined) ?? [];
    return found;
  }

  has(name: string): boolean {
    return this.series.has(name);
  }

  /** Ends a promise, because a file has the name now or will never get it. */
  end(name: string): void {
    const series = this.series.get(name) ?? '';
    this.series.delete(name);
    const holders = this.holders.get(series);
    holders?.delete(name);
    if (holders?.size === 0) {
      this.holders.delete(series);
    }
  }
}
