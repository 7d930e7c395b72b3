import { createHash } from 'node:crypto';

/** Identifiers as AWS makes them, the same ones in every run. */
export class Identifiers {
  private count = 0;

  /** @returns hexadecimal digits in lower case, at most 64 */
  hex(length: number): string {
    return createHash('sha256').update(String(this.count++)).digest('hex').slice(0, length);
  }

  /** @returns capital letters and digits */
  capitals(length: number): string {
    return this.hex(length).toUpperCase();
  }

  /** @returns a UUID */
  uuid(): string {
    return this.hex(32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }
}
