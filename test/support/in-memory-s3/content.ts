/** Bytes in pieces, so that completing a large multipart upload copies none of them. */
export class Content {
  readonly size: number;
  #pieces: Buffer[];

  constructor(pieces: Buffer[]) {
    this.#pieces = pieces;
    this.size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  }

  /** Returns the whole content as one buffer. */
  get bytes(): Buffer {
    if (this.#pieces.length !== 1) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0] as Buffer;
  }

  /** Returns the pieces from byte `start` up to but not including byte `end`. */
  slice(start = 0, end = this.size): Buffer[] {
    const wanted: Buffer[] = [];
    let offset = 0;
    for (const piece of this.#pieces) {
      const from = Math.max(start - offset, 0);
      const to = Math.min(end - offset, piece.length);
      if (from < to) wanted.push(piece.subarray(from, to));
      offset += piece.length;
    }
    return wanted;
  }
}
