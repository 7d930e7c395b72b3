import { knownService } from '../../../core/s3/service';
import { type CheckResult, failed, NOT_ACTIVE, passed, unchecked, warned } from '../check';
import type { DoctorContext } from '../context';
import { type Answer, get, statusText } from '../network';
import { PHOTO } from '../photo';

const SIZE = 'size/w600';

/** As Chrome and Firefox ask for an image. */
const WITH_WEBP = 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8';

/** As feed readers, mail programs and previews of links do. */
const WITHOUT_WEBP = 'image/*,*/*;q=0.8';

const AVIF_FLAG = 'labs.pictureImageFormats';

/**
 * Checks that a browser that accepts WebP gets image sizes as WebP, and other clients as JPEG. Ghost's flag that makes
 * pages ask for AVIF is reported.
 *
 * @see https://developer.mozilla.org/docs/Web/HTTP/Guides/Content_negotiation/List_of_default_Accept_values
 */
export async function checkWebp(context: DoctorContext): Promise<CheckResult> {
  const { network, config, probes, isActive } = context;
  if (!isActive) {
    return NOT_ACTIVE;
  }
  const images = probes.all.find(({ feature }) => feature === 'images');
  if (!images) {
    return unchecked('images are stored elsewhere');
  }
  const path = images.path.replace(/\.png$/, '-photo.jpg');
  const { url } = probes.locate(`${SIZE}/${path}`);
  await probes.upload({ ...images, key: probes.locate(path).key }, PHOTO, 'image/jpeg');
  probes.track(probes.locate(`${SIZE}/${path}`).key);
  probes.track(probes.locate(`${SIZE}/format/webp/${path}`).key);
  // Without the signal: Ghost would continue after an abort, and store the size after the cleanup.
  const ask = (accept: string) => get(network, url, { headers: { accept } });
  const [asBrowser, asOther] = [await ask(WITH_WEBP), await ask(WITHOUT_WEBP)];
  const tried = `The command requested ${url} twice: as a browser that accepts WebP, and as a client that does not.`;
  if ([asBrowser, asOther].every(({ status }) => status === 403 || status === 404)) {
    return unchecked('the CDN does not request image sizes from Ghost');
  }
  const seen = `${shown(asBrowser)} for the browser, ${shown(asOther)} for the other client`;
  const isOnAws = knownService(config).endpoint === undefined;
  if (typeOf(asOther) === 'image/webp') {
    return failed(
      tried,
      `A client that does not accept WebP gets it: ${seen}. Some feed readers and mail programs show no image.`,
      isOnAws
        ? 'Run provision again, which restores the function for image sizes. Then invalidate /content/images/size/* on the CDN.'
        : "Add the header Accept to the CDN's cache key, or change the path as docs/other-s3.md describes. Then clear the CDN's cache.",
    );
  }
  const asksForAvif = asksForAvifIn(context);
  if (typeOf(asBrowser) === 'image/webp' && typeOf(asOther) === 'image/jpeg') {
    return asksForAvif
      ? warned(tried, `"${AVIF_FLAG}" makes pages ask for AVIF. The CDN sends WebP instead.`, REMOVE_FLAG)
      : passed(`browsers get image sizes as WebP: ${seen}`);
  }
  if (asksForAvif) {
    return warned(
      tried,
      `"${AVIF_FLAG}" makes pages ask for AVIF. Ghost needs up to 20 seconds and all processors for one such size.`,
      REMOVE_FLAG,
    );
  }
  if (typeOf(asBrowser) !== 'image/jpeg' || typeOf(asOther) !== 'image/jpeg') {
    return failed(tried, `The CDN does not send both as images: ${seen}.`, "Check the CDN's function for image sizes.");
  }
  return unchecked(
    'browsers get image sizes as JPEG, not as WebP',
    isOnAws
      ? 'To make pages lighter, run provision --formats webp.'
      : 'To make pages lighter, see "What the CDN has to do" in docs/other-s3.md.',
  );
}

const REMOVE_FLAG = `Remove "${AVIF_FLAG}" from Ghost's configuration, and restart Ghost.`;

const asksForAvifIn = ({ ghostConfig }: DoctorContext): boolean => ghostConfig.labs?.pictureImageFormats === true;

const typeOf = ({ status, headers }: Answer): string | undefined =>
  status === 200 ? headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() : undefined;

const shown = (answer: Answer): string =>
  answer.status === 200
    ? `${answer.headers['content-type'] ?? 'no type'} with ${answer.body.length} bytes`
    : statusText(answer);
