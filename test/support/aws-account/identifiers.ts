import { createHash } from 'node:crypto';

/** Generates identifiers like AWS's, the same ones in every run. */
export class Identifiers {
  private count = 0;

  /** Returns hexadecimal digits in lower case, at most 64. */
  hex(length: number): string {
    return createHash('sha256')
      .update(String(this.count++))
      .digest('hex')
      .slice(0, length);
  }

  /** Returns capital letters and digits. */
  capitals(length: number): string {
    return this.hex(length).toUpperCase();
  }

  uuid(): string {
    return this.hex(32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }
}
