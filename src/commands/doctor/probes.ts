import { randomBytes, randomUUID } from 'node:crypto';
import type { Config } from '../../core/config';
import { contentHeaders, type ContentHeaders } from '../../core/content-headers';
import { ObjectKeys } from '../../core/object-keys';
import { Bucket } from '../../core/s3/bucket';
import { isNotImplemented } from '../../core/s3/errors';
import type { Feature } from '../../core/features';
import { makePicture } from './picture';

/** A picture in the bucket that only the doctor knows of. */
export interface Probe {
  feature: Feature;
  config: Config;
  /** Of its feature, in the bucket. */
  bucket: Bucket;
  /** Below the prefix: `2026/11/doctor-…-images.png`. */
  path: string;
  key: string;
  /** On the CDN. */
  url: string;
  /** What is stored with it. */
  headers: ContentHeaders;
}

/** What the doctor puts into the bucket, and takes away again. */
export class Probes {
  /** One for each feature. */
  readonly all: Probe[];
  readonly bytes: Buffer;
  private readonly mayExist: { bucket: Bucket; key: string }[] = [];

  /** @param configs of the features that are looked at */
  constructor(configs: (readonly [Feature, Config])[]) {
    const now = new Date();
    const month = `${now.getFullYear()}/${String(now.getMonth() + 1).padStart(2, '0')}`;
    // Nobody can guess it, as long as it is there.
    const name = `doctor-${randomBytes(16).toString('hex')}`;
    this.bytes = makePicture(name);
    this.all = configs.map(([feature, config]) => {
      const keys = new ObjectKeys(config);
      // Not the same for all, should they be stored among each other by mistake.
      const path = `${month}/${name}-${feature}.png`;
      const key = keys.keyOf(path);
      const headers = contentHeaders(config, randomUUID(), 'image/png');
      return { feature, config, bucket: new Bucket(config), path, key, url: keys.toUrl(key), headers };
    });
  }

  /** The one for images, or for whatever feature is looked at. */
  get first(): Probe {
    const [first] = this.all;
    if (!first) {
      throw new Error('No feature is looked at.');
    }
    return first;
  }

  /**
   * A file beside the first probe.
   *
   * @param path below the prefix
   * @returns its key and its address on the CDN
   */
  beside(path: string): { key: string; url: string } {
    const keys = new ObjectKeys(this.first.config);
    const key = keys.keyOf(path);
    return { key, url: keys.toUrl(key) };
  }

  /**
   * Puts a probe into the bucket.
   *
   * @throws the SDK's error
   */
  async write({ bucket, key, headers }: Probe): Promise<void> {
    this.expect(key, bucket);
    try {
      await bucket.put(key, this.bytes, headers, true);
    } catch (error) {
      if (!isNotImplemented(error)) {
        throw error;
      }
      await bucket.put(key, this.bytes, headers, false);
    }
  }

  /**
   * Remembers an object that is about to be made, by the doctor or by Ghost for it.
   *
   * @param key of the object
   */
  expect(key: string, bucket = this.first.bucket): void {
    this.mayExist.push({ bucket, key });
  }

  /**
   * Takes away everything that may have been made.
   *
   * @returns the keys that could not be taken away
   */
  async remove(): Promise<string[]> {
    const objects = this.mayExist.splice(0);
    const outcomes = await Promise.allSettled(objects.map(({ bucket, key }) => bucket.delete(key)));
    return objects.filter((_, index) => outcomes[index]?.status === 'rejected').map(({ key }) => key);
  }
}
