import { isOriginal } from '../../../core/features';

/** An image of the blog in the bucket. */
export interface StoredImage {
  key: string;
  bytes: number;
}

const IMAGE = /\.(png|jpe?g|gif|webp|avif|svgz?|ico)$/i;

/** A path in the folder of a month. These paths show the order of uploads in time. */
const IN_MONTH = /^\d{4}\/\d{2}\//;

/**
 * The newest, the oldest and random ones of many images. It keeps only the chosen ones.
 *
 * @see https://en.wikipedia.org/wiki/Reservoir_sampling
 */
export class ImageSample {
  private oldest?: StoredImage;
  private newest?: StoredImage;
  private readonly others: StoredImage[] = [];
  private seen = 0;

  /**
   * @param size how many images to choose
   * @param maxBytes larger ones are never chosen
   */
  constructor(
    private readonly size: number,
    private readonly maxBytes: number,
  ) {}

  /**
   * Offers an image. Images of a month have to be offered in the order of their keys. Originals are never chosen, because
   * visitors do not see them.
   *
   * @param relativePath below the images folder: `2026/11/photo.jpg`
   */
  offer(relativePath: string, image: StoredImage): void {
    if (!IMAGE.test(relativePath) || isOriginal(relativePath) || image.bytes === 0 || image.bytes > this.maxBytes) {
      return;
    }
    if (IN_MONTH.test(relativePath)) {
      this.oldest ??= image;
      this.newest = image;
    }
    this.seen += 1;
    const place = this.others.length < this.size ? this.others.length : Math.floor(Math.random() * this.seen);
    if (place < this.size) {
      this.others[place] = image;
    }
  }

  /** The chosen images, the newest first. */
  get chosen(): StoredImage[] {
    const all = [this.newest, this.oldest, ...this.others].filter((image) => image !== undefined);
    return [...new Map(all.map((image) => [image.key, image])).values()].slice(0, this.size);
  }
}
