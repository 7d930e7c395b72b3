import { randomBytes, randomUUID } from 'node:crypto';
import type { Config } from '../../core/config';
import { contentHeaders, type ContentHeaders } from '../../core/content-headers';
import { ObjectKeys } from '../../core/object-keys';
import { Bucket } from '../../core/s3/bucket';
import { isNotImplemented } from '../../core/s3/errors';
import type { Feature } from '../../core/features';
import { createPng } from './png';

/** A test image in the bucket. */
export interface Probe {
  feature: Feature;
  config: Config;
  bucket: Bucket;
  /** Below the prefix: `2026/11/doctor-…-images.png`. */
  path: string;
  key: string;
  /** On the CDN. */
  url: string;
  /** Stored with it. */
  headers: ContentHeaders;
}

/** The test images, one for each feature, and everything else that is stored for them. */
export class Probes {
  readonly all: Probe[];
  readonly bytes: Buffer;
  private readonly tracked: { bucket: Bucket; key: string }[] = [];

  constructor(configs: (readonly [Feature, Config])[]) {
    const now = new Date();
    const month = `${now.getFullYear()}/${String(now.getMonth() + 1).padStart(2, '0')}`;
    // The name cannot be guessed while the images are public.
    const name = `doctor-${randomBytes(16).toString('hex')}`;
    this.bytes = createPng(name);
    this.all = configs.map(([feature, config]) => {
      const keys = new ObjectKeys(config);
      // The feature makes the names different in case two features share a prefix by mistake.
      const path = `${month}/${name}-${feature}.png`;
      const key = keys.keyOf(path);
      const headers = contentHeaders(config, randomUUID(), 'image/png');
      return { feature, config, bucket: new Bucket(config), path, key, url: keys.toUrl(key), headers };
    });
  }

  /** The probe for images, or for the first feature that uses the adapter. */
  get first(): Probe {
    const [first] = this.all;
    if (!first) {
      throw new Error('There are no features to check.');
    }
    return first;
  }

  /** A file that is requested from the CDN before it is uploaded. */
  get lateFile(): { key: string; url: string } {
    return this.locate(this.first.path.replace(/\.png$/, '-early.png'));
  }

  /** Returns the key and the CDN URL of a test image's original, which is not uploaded yet. */
  originalOf({ config, path }: Probe): { key: string; url: string } {
    const keys = new ObjectKeys(config);
    const key = keys.keyOf(path.replace(/\.png$/, '_o.png'));
    return { key, url: keys.toUrl(key) };
  }

  /** Returns the key and the CDN URL of a path below the prefix of the first probe. */
  locate(path: string): { key: string; url: string } {
    const keys = new ObjectKeys(this.first.config);
    const key = keys.keyOf(path);
    return { key, url: keys.toUrl(key) };
  }

  /**
   * Stores a test image.
   *
   * @param bytes default: those of the PNG
   * @throws the SDK's error
   */
  async upload({ bucket, key, headers: ofPng }: Probe, bytes = this.bytes, ContentType = 'image/png'): Promise<void> {
    this.track(key, bucket);
    const headers = { ...ofPng, ContentType };
    try {
      await bucket.put(key, bytes, headers, { onlyIfFree: true });
    } catch (error) {
      if (!isNotImplemented(error)) {
        throw error;
      }
      await bucket.put(key, bytes, headers);
    }
  }

  /** Marks an object for deletion, before the doctor or Ghost stores it. */
  track(key: string, bucket = this.first.bucket): void {
    this.tracked.push({ bucket, key });
  }

  /** Deletes all tracked objects, and returns the keys of those that could not be deleted. */
  async deleteAll(): Promise<string[]> {
    const objects = this.tracked.splice(0);
    const outcomes = await Promise.allSettled(objects.map(({ bucket, key }) => bucket.delete(key)));
    return objects.filter((_, index) => outcomes[index]?.status === 'rejected').map(({ key }) => key);
  }
}
