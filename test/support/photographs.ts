// In Jest, each look-up of a global takes longer than what these functions do.
const { ceil, floor, imul, max, min, sqrt } = Math;

/** An image's pixels: three bytes each (red, green, blue), row by row. */
export interface Pixels {
  width: number;
  height: number;
  data: Buffer;
}

type Color = readonly [red: number, green: number, blue: number];
/** Returns numbers from 0 to 1, always the same ones for the same seed. */
type Random = () => number;

/** A layer of shapes that cover each other. Lengths are in pixels. */
interface Layer {
  palette: Color[];
  smallest: number;
  largest: number;
  /** How often the layer's area is covered. */
  coverage: number;
  /** The contrast of the texture on the shapes, in steps of brightness. */
  texture: number;
  /** Returns the middle of a shape. */
  place: () => { x: number; y: number };
}

/** From the zenith to the horizon. */
const SKIES = ['#4a7cbe #c4d6e6', '#78808a #ced0d2', '#3e4678 #f0aa6e'].map(colors);
const PALETTES = [
  '#2e4a1e #56762c #829646 #22301a #a08c54',
  '#78624c #a89276 #54463a #c8baa4 #3c3836',
  '#963c2c #c47846 #5a3228 #dcb482 #363c4e',
  '#34546e #608296 #b4c4cc #263242 #8c8274',
  '#e2ded6 #b4b0aa #787470 #ccbeaa #46484c',
].map(colors);
/** Of the square of texture, in pixels. */
const TEXTURE_SIZE = 512;
/** All photographs show it, each shape another part: drawing it takes longer than using it. */
let sharedTexture: Float32Array | undefined;

/**
 * Draws what a camera might see: one of endlessly many scenes, from a portrait in front of a blurred background to a
 * meadow that is sharp all over, some below a sky.
 *
 * The shapes follow the dead leaves model, whose statistics are those of natural images: opaque shapes that cover each
 * other, as many of each size as look the same from every distance. Each has its light, its shade and a texture with a
 * spectrum of 1/f. The lens softens edges, and the sensor adds noise.
 *
 * @param seed which scene
 * @param width in pixels
 * @param height in pixels
 * @see Lee, Mumford, Huang: Occlusion Models for Natural Images, IJCV 41 (2001)
 */
export function drawPhotograph(seed: number, width: number, height: number): Pixels {
  const random = randomOf(seed);
  const between = (low: number, high: number) => low + (high - low) * random();
  /** Draws each order of magnitude equally often. */
  const around = (low: number, high: number) => low * (high / low) ** random();
  const oneOf = <T>(all: T[]) => all[floor(random() * all.length)] as T;

  const horizon = random() < 0.5 ? height * between(0.2, 0.6) : 0;
  const palette = oneOf(PALETTES);
  const texture = around(0.7, 24);
  const blurRadius = random() < 0.6 ? Math.round(around(2, 24)) : 0;
  const subject = { x: between(0.3, 0.7) * width, y: between(0.5, 0.8) * height, size: between(0.15, 0.45) * height };
  const [smallest, largest] = [around(2, 40), between(0.1, 0.3) * width];

  sharedTexture ??= drawTexture(randomOf(0));
  const canvas = new Canvas(width, height, sharedTexture, random);
  canvas.fillSky(oneOf(SKIES));
  const anywhere = () => ({ x: random() * width, y: horizon + random() * (height - horizon) });
  canvas.cover({ palette, smallest, largest, coverage: 3, texture, place: anywhere });
  if (blurRadius > 0) {
    canvas.blur(blurRadius);
    const onSubject = () => {
      const [angle, distance] = [random() * 2 * Math.PI, sqrt(random()) * subject.size];
      return { x: subject.x + Math.cos(angle) * distance, y: subject.y + Math.sin(angle) * distance };
    };
    const size = {
      smallest,
      largest: subject.size / 2,
      coverage: (3 * Math.PI * subject.size ** 2) / (width * height),
    };
    canvas.cover({ palette: [...palette, ...oneOf(PALETTES)], ...size, texture, place: onSubject });
  }
  return canvas.expose(around(0.3, 3));
}

class Canvas {
  private readonly planes: [Float32Array, Float32Array, Float32Array];

  constructor(
    private readonly width: number,
    private readonly height: number,
    private readonly texture: Float32Array,
    private readonly random: Random,
  ) {
    const plane = () => new Float32Array(width * height);
    this.planes = [plane(), plane(), plane()];
  }

  fillSky([zenith, horizon]: Color[]): void {
    this.planes.forEach((plane, channel) => {
      for (let y = 0; y < this.height; y += 1) {
        const share = y / this.height;
        const row = ((y >> 2) % TEXTURE_SIZE) * TEXTURE_SIZE;
        const value = (zenith?.[channel] ?? 0) * (1 - share) + (horizon?.[channel] ?? 0) * share;
        for (let x = 0; x < this.width; x += 1) {
          // Clouds are the texture, seen from near.
          plane[y * this.width + x] = value + 9 * (this.texture[row + ((x >> 2) % TEXTURE_SIZE)] ?? 0);
        }
      }
    });
  }

  cover(layer: Layer): void {
    let rest = layer.coverage * this.width * this.height;
    const ratio = (layer.smallest / layer.largest) ** 2;
    while (rest > 0) {
      // As many as leave each size the same share of the area: their number falls with the third power of the radius.
      const radius = layer.smallest / sqrt(1 - this.random() * (1 - ratio));
      rest -= this.drawShape(layer, radius);
    }
  }

  /** @returns its area, in pixels */
  private drawShape({ palette, texture, place }: Layer, radius: number): number {
    const { width, height, random } = this;
    const middle = place();
    const color = palette[floor(random() * palette.length)] as Color;
    const brightness = 0.75 + 0.5 * random();
    const angle = random() * Math.PI;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const flatness = 1 + 2 * random();
    const shade = (random() - 0.5) * 0.8;
    const contrast = texture * (0.5 + random());
    const [shiftX, shiftY] = [floor(random() * TEXTURE_SIZE), floor(random() * TEXTURE_SIZE)];
    const [red, green, blue] = this.planes;
    const shared = this.texture;
    const square = flatness * flatness;
    const bottom = min(height, ceil(middle.y + radius));
    for (let y = max(0, floor(middle.y - radius)); y < bottom; y += 1) {
      // Where the row crosses the ellipse: along² + (across · flatness)² = 1, solved for dx.
      const dy = (y - middle.y) / radius;
      const a = cos * cos + square * sin * sin;
      const b = dy * cos * sin * (1 - square);
      const root = b * b - a * (dy * dy * (sin * sin + square * cos * cos) - 1);
      if (root <= 0) continue;
      const left = max(0, ceil(middle.x + (radius * (-b - sqrt(root))) / a));
      const right = min(width - 1, floor(middle.x + (radius * (-b + sqrt(root))) / a));
      const textureRow = ((y + shiftY) % TEXTURE_SIZE) * TEXTURE_SIZE;
      for (let x = left; x <= right; x += 1) {
        const light = brightness * (1 + shade * (((x - middle.x) / radius) * cos + dy * sin));
        const grain = contrast * (shared[textureRow + ((x + shiftX) % TEXTURE_SIZE)] ?? 0);
        const at = y * width + x;
        red[at] = color[0] * light + grain;
        green[at] = color[1] * light + grain;
        blue[at] = color[2] * light + grain;
      }
    }
    return (Math.PI * radius ** 2) / flatness;
  }

  /** Blurs everything drawn so far, as a lens blurs what is far from its focus. */
  blur(radius: number): void {
    for (const plane of this.planes) {
      for (let y = 0; y < this.height; y += 1) average(plane, y * this.width, 1, this.width, radius);
      for (let x = 0; x < this.width; x += 1) average(plane, x, this.width, this.height, radius);
    }
  }

  /** @param noise its deviation, in steps of brightness */
  expose(noise: number): Pixels {
    const { width, height, random } = this;
    const data = new Uint8ClampedArray(width * height * 3);
    this.planes.forEach((plane, channel) => {
      // The lens: no edge is sharper than two pixels.
      for (let y = 0; y < height; y += 1) soften(plane, y * width, 1, width);
      for (let x = 0; x < width; x += 1) soften(plane, x, width, height);
      for (let at = 0; at < plane.length; at += 1) {
        // The sum of three even distributions is nearly a normal one, with a deviation of a half.
        const grain = 2 * noise * (random() + random() + random() - 1.5);
        data[at * 3 + channel] = (plane[at] ?? 0) + grain;
      }
    });
    return { width, height, data: Buffer.from(data.buffer) };
  }
}

/** Returns a square of noise with a spectrum of 1/f, which repeats itself seamlessly. Its values are around 0, mostly within 1. */
function drawTexture(random: Random): Float32Array {
  const texture = new Float32Array(TEXTURE_SIZE ** 2);
  for (let cell = 1; cell <= TEXTURE_SIZE / 4; cell *= 2) {
    const cells = TEXTURE_SIZE / cell;
    const grid = Float32Array.from({ length: cells ** 2 }, () => random() - 0.5);
    const gridAt = (x: number, y: number) => grid[(y % cells) * cells + (x % cells)] ?? 0;
    for (let y = 0; y < TEXTURE_SIZE; y += 1) {
      for (let x = 0; x < TEXTURE_SIZE; x += 1) {
        const [column, row] = [floor(x / cell), floor(y / cell)];
        const [right, down] = [x / cell - column, y / cell - row];
        const top = gridAt(column, row) * (1 - right) + gridAt(column + 1, row) * right;
        const bottom = gridAt(column, row + 1) * (1 - right) + gridAt(column + 1, row + 1) * right;
        // In two dimensions, octaves of equal strength are a spectrum of 1/f.
        texture[y * TEXTURE_SIZE + x] = (texture[y * TEXTURE_SIZE + x] ?? 0) + top * (1 - down) + bottom * down;
      }
    }
  }
  return texture;
}

/** Replaces each value of a line by the average of its neighbors up to a distance. */
function average(values: Float32Array, start: number, step: number, length: number, radius: number): void {
  const line = new Float32Array(length);
  for (let index = 0; index < length; index += 1) line[index] = values[start + index * step] ?? 0;
  const at = (index: number) => line[max(0, min(length - 1, index))] ?? 0;
  let sum = 0;
  for (let index = -radius; index <= radius; index += 1) sum += at(index);
  for (let index = 0; index < length; index += 1) {
    values[start + index * step] = sum / (2 * radius + 1);
    sum += at(index + radius + 1) - at(index - radius);
  }
}

/** Mixes each value of a line with its two neighbors. */
function soften(values: Float32Array, start: number, step: number, length: number): void {
  let before = values[start] ?? 0;
  for (let index = 0; index < length - 1; index += 1) {
    const at = start + index * step;
    const value = values[at] ?? 0;
    values[at] = (before + 2 * value + (values[at + step] ?? 0)) / 4;
    before = value;
  }
}

/** @see https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32 */
function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Reads colors as CSS writes them: `#2e4a1e #56762c`. */
function colors(text: string): Color[] {
  const channel = (color: string, at: number) => parseInt(color.slice(at, at + 2), 16);
  return text.split(' ').map((color) => [channel(color, 1), channel(color, 3), channel(color, 5)]);
}
