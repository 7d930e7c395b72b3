import { knownService } from '../../../core/s3/service';
import { type CheckResult, passed, unchecked, warned } from '../check';
import type { DoctorContext } from '../context';
import { statusText } from '../network';

/** Checks that visitors cannot get the original of an image, with a test image that has the name of one. */
export async function checkOriginals(context: DoctorContext): Promise<CheckResult> {
  const { probes } = context;
  const images = probes.all.find(({ feature }) => feature === 'images');
  if (!images) {
    return unchecked('images are stored elsewhere');
  }
  const { key, url } = probes.originalOf(images);
  await probes.upload({ ...images, key });
  const answer = await context.get(url);
  if (answer.status === 200 && answer.body.equals(probes.bytes)) {
    return warned(
      `The command stored ${key}, which has the name of an original, and requested ${url}.`,
      'Visitors can get the original of each image: add _o to the name in its URL. Originals are the files as they were uploaded, often with the place where a photo was taken.',
      knownService(images.config).endpoint
        ? 'Make the CDN answer 404 for names in the month folders of content/images that end with _o and an extension, such as 2026/11/photo_o.jpg. If your posts link originals, ignore this.'
        : 'Run provision again, which denies them in the bucket policy. If you built the image server by hand, add the statement CloudFrontReadsNoOriginals that policy --bucket-policy prints. Then invalidate /content/images/* on the CDN. If originals are public by choice (--public-originals), ignore this.',
    );
  }
  return answer.status === 403 || answer.status === 404
    ? passed('the CDN refuses originals', statusText(answer))
    : unchecked(`the CDN answers ${statusText(answer)} for an original`);
}
