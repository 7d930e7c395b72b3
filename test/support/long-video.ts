import { fixture } from './fixtures';

/** Boxes that contain only boxes, on the path to the rewritten ones. */
const CONTAINERS = ['moov', 'trak', 'edts', 'mdia', 'minf', 'stbl'];

/** The offset of the duration in a box's contents, in bytes. All boxes have version 0. */
const DURATION_AT: Record<string, number> = { mvhd: 16, tkhd: 20, mdhd: 16, elst: 8 };

/**
 * Creates a seekable video of any length and size: the fixture of two seconds, repeated, each time as one chunk followed
 * by zeros. A position in time is at the same position in the bytes.
 *
 * @param rounds how often the fixture is repeated; the video lasts twice as many seconds
 * @param bytes size of the file
 * @throws Error when the repetitions do not fit in the size
 * @see ISO/IEC 14496-12 for the boxes of MP4
 */
export function longVideo(rounds: number, bytes: number): Buffer {
  const boxes = boxesOf(Buffer.from(fixture('clip.mp4').bytes));
  const find = (type: string) => boxes.find((box) => box.type === type)?.contents ?? Buffer.alloc(0);
  const [ftyp, moov, frames] = [box('ftyp', find('ftyp')), find('moov'), find('mdat')];
  const headersFor = (start: number, stride: number) => [
    ftyp,
    box('moov', new RepeatedMovie(rounds, start, stride).repeat(moov)),
    box('mdat', Buffer.alloc(0)),
  ];
  // Offsets do not change the length of the tables that they are in.
  const start = Buffer.concat(headersFor(0, 0)).length;
  const stride = Math.floor((bytes - start) / rounds);
  if (stride < frames.length) throw new Error(`${rounds} rounds do not fit into ${bytes} bytes.`);

  const video = Buffer.alloc(bytes);
  Buffer.concat(headersFor(start, stride)).copy(video);
  video.writeUInt32BE(bytes - start + 8, start - 8);
  for (let round = 0; round < rounds; round += 1) frames.copy(video, start + round * stride);
  return video;
}

/** The fixture's description of itself, as one of many rounds: the first begins at a place, each other a stride later. */
class RepeatedMovie {
  private framesOfRound = 0;

  constructor(
    private readonly rounds: number,
    private readonly start: number,
    private readonly stride: number,
  ) {}

  /** @param contents of a container */
  repeat(contents: Buffer): Buffer {
    const boxes = boxesOf(contents);
    const sizes = boxes.find(({ type }) => type === 'stsz');
    if (sizes) this.framesOfRound = sizes.contents.readUInt32BE(8);
    return Buffer.concat(boxes.map(({ type, contents: own }) => box(type, this.repeatBox(type, own))));
  }

  private repeatBox(type: string, contents: Buffer): Buffer {
    if (CONTAINERS.includes(type)) return this.repeat(contents);
    const durationAt = DURATION_AT[type];
    if (durationAt !== undefined) {
      const changed = Buffer.from(contents);
      changed.writeUInt32BE(contents.readUInt32BE(durationAt) * this.rounds, durationAt);
      return changed;
    }
    switch (type) {
      // Runs of frames with the same duration, or the same offset of their time.
      case 'stts':
      case 'ctts':
        return this.table(contents.subarray(0, 4), contents.readUInt32BE(4), () => contents.subarray(8));
      case 'stsz':
        return this.table(contents.subarray(0, 8), this.framesOfRound, () => contents.subarray(12));
      // The number of the key frame, the fixture's first.
      case 'stss':
        return this.table(contents.subarray(0, 4), 1, (round) => uint32(1 + round * this.framesOfRound));
      // The offset of the chunk in the file.
      case 'stco':
        return this.table(contents.subarray(0, 4), 1, (round) => uint32(this.start + round * this.stride));
      default:
        return contents;
    }
  }

  /** @param entriesOfRound how many entries `ofRound` gives */
  private table(before: Buffer, entriesOfRound: number, ofRound: (round: number) => Buffer): Buffer {
    const entries = Array.from({ length: this.rounds }, (_, round) => ofRound(round));
    return Buffer.concat([before, uint32(entriesOfRound * this.rounds), ...entries]);
  }
}

interface Box {
  type: string;
  contents: Buffer;
}

function boxesOf(bytes: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + bytes.readUInt32BE(at);
    boxes.push({ type: bytes.toString('latin1', at + 4, at + 8), contents: bytes.subarray(at + 8, end) });
    at = end;
  }
  return boxes;
}

function box(type: string, contents: Buffer): Buffer {
  return Buffer.concat([uint32(8 + contents.length), Buffer.from(type, 'latin1'), contents]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
