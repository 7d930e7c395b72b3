import { counted } from '../../../shell/text';
import { type CheckResult, failed, passed, unchecked } from '../check';
import type { DoctorContext } from '../context';
import { compareFiles } from '../files/compare';
import { fetchWithSize, type OwnImage } from '../files/own-image';

/** How many problems to describe. */
const MAX_SHOWN = 3;

/** The fixes for images that the CDN does not send as they are stored. */
const CURES: Record<NonNullable<OwnImage['problem']>['kind'], string> = {
  forbidden:
    "Check these objects in the S3 console: the CDN cannot read objects that belong to another account or are encrypted with another KMS key. To fix both, copy them onto themselves with Ghost's credentials.",
  missing:
    'Check that no CDN rule sends these paths elsewhere. If they were stored a moment ago, wait a minute, or invalidate /content/* on the CDN.',
  type: 'Correct the Content-Type of these objects (S3 console: Actions, Edit metadata), and invalidate them on the CDN. Another program may have stored them without it.',
  length:
    'Turn off everything that changes images on the way, and invalidate /content/* on the CDN, which may have old or broken copies.',
  status: 'Check what the CDN does with these paths.',
  network: 'Try again, and check the connection between this machine and the CDN.',
};

/** Checks that the CDN sends some of the blog's own images and sizes as they are in the bucket. */
export async function checkOwnImages(context: DoctorContext): Promise<CheckResult> {
  if (!context.features.includes('images')) {
    return unchecked('images are stored elsewhere');
  }
  const { images } = await compareFiles(context);
  const { chosen } = images;
  if (chosen.length === 0) {
    return unchecked('there are no images in the bucket yet');
  }
  for (const image of chosen) {
    context.signal.throwIfAborted();
    context.ownImages.push(...(await fetchWithSize(context, image)));
  }
  const all = context.ownImages;
  const broken = all.filter(({ problem }) => problem !== undefined);
  const [first] = broken;
  if (first?.problem) {
    const shown = broken.slice(0, MAX_SHOWN).map(({ url, problem }) => `${url} (${problem?.found})`);
    const more = broken.length - shown.length;
    return failed(
      `${counted(all.length, 'image')} of the blog were requested from the CDN: the newest, the oldest and random ones, and an image size of each.`,
      `${broken.length} of ${all.length} did not arrive as stored: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`,
      CURES[first.problem.kind],
    );
  }
  const slowest = Math.max(...all.map(({ ms }) => ms));
  return passed(`${counted(all.length, 'image')} of the blog arrived, each within ${slowest} ms`);
}
