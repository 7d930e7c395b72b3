// The kinds of values that the options of the adapter take, each a schema that also normalizes.
import * as z from 'zod/mini';
import { trimSlashes } from './object-keys';

const isLoopback = (hostname: string) =>
  hostname === 'localhost' ||
  hostname.endsWith('.localhost') ||
  hostname === '[::1]' ||
  /^127(\.\d+){3}$/.test(hostname);

/** Text, or a whole number as text: Ghost turns `storage__…__tenantPrefix=7` in the environment into a number. */
export const text = (expected: string) =>
  z.pipe(
    z.transform((value: unknown) => (Number.isSafeInteger(value) ? String(value) : value)),
    z.string(expected).check(z.trim(), z.minLength(1, expected)),
  );

/** An S3 constant, which is sent in a header. */
export const name = (expected: string) => text(expected).check(z.regex(/^[\w-]+$/, expected));

/** A key or token. When it was read from a file, it often ends with a line break. */
export const secret = (expected: string) => text(expected).check(z.regex(/^[\x21-\x7e]+$/, expected));

const fallbackSecret = text('must be text').check(
  z.regex(
    /^[\x20-\x7e]{16,}$/,
    'must have at least 16 characters (letters, digits and symbols), because it distinguishes the CDN from visitors',
  ),
);
const FALLBACK_SECRETS_EXPECTED =
  'must be one secret, or a list of two different secrets (the new one and the former one)';

/**
 * A secret or a list of one or two, read as a list. Ghost makes an object, `{ 0: …, 1: … }`, of
 * `storage__…__cdnFallbackSecret__0` and `…__1` in the environment.
 */
export const fallbackSecrets = z.transform((given: unknown, { issues }) => {
  const isOne = typeof given !== 'object' || given === null;
  const results = Object.values(isOne ? [given] : given).map((value) => fallbackSecret.safeParse(value));
  const secrets = results.map(({ data = '' }) => data);
  const found = results.flatMap(({ error }) => error?.issues.slice(0, 1) ?? []);
  const isList = isOne || /^0(,1)?$/.test(Object.keys(given).join());
  if (!isList || (found.length === 0 && secrets[0] === secrets[1])) {
    issues.push({ code: 'custom', message: FALLBACK_SECRETS_EXPECTED, input: given });
  } else {
    issues.push(...(found as typeof issues));
  }
  return secrets;
});

/** A number, or its digits: JSON files have numbers, secret files and templates have text. */
export const wholeNumber = (min: number, max: number) => {
  const expected = `must be a whole number from ${min} to ${max}`;
  return z.pipe(
    z.transform((value: unknown) => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value)),
    z.int(expected).check(z.minimum(min, expected), z.maximum(max, expected)),
  );
};

export const trueOrFalse = z.pipe(
  z.transform((value: unknown) => (value === 'true' ? true : value === 'false' ? false : value)),
  z.boolean('must be true or false'),
);

export const oneOf = <const T extends string>(...values: T[]) => z.enum(values, `must be one of: ${values.join(', ')}`);

/** A path of letters, digits and the few characters that need no encoding: it is part of every URL. */
export const prefix = (expected: string) =>
  z.pipe(
    z.pipe(text(expected), z.transform(trimSlashes)),
    z
      .string()
      .check(
        z.refine((value) => /^[\w.@~-]+(\/[\w.@~-]+)*$/.test(value) && !/(^|\/)\.{1,2}(\/|$)/.test(value), expected),
      ),
  );

const hasUserInfo = (value: unknown) =>
  typeof value === 'string' && URL.canParse(value) && Boolean(new URL(value).username || new URL(value).password);

/** Returns whether the host is a name of letters, digits, hyphens and dots, as DNS has them, or an address. */
function hasHostName(value: string): boolean {
  const { hostname = '' } = URL.canParse(value) ? new URL(value) : {};
  return /^\[[\da-f:.]+\]$/i.test(hostname) || /^(?!-)[\w-]+(?<!-)(\.(?!-)[\w-]+(?<!-))*\.?$/.test(hostname);
}

export const httpUrl = (expected: string) =>
  z.string(expected).check(
    z.refine((value) => /^https?:\/\/[^/?#]/i.test(value) && URL.canParse(value), expected),
    z.refine((value) => !hasUserInfo(value), 'must not contain a user name or password'),
    z.refine((value) => !/[?#]/.test(value), 'must not contain a query or a fragment'),
    z.refine(hasHostName, expected),
  );

const CDN_URL_EXPECTED = 'must be the URL of your CDN, for example "https://images.example.com"';
export const cdnUrl = z.pipe(
  z.pipe(
    text(CDN_URL_EXPECTED),
    // Most people write a bare host name, which is also what `assetHost` of the older adapters often was.
    z.transform((value: string) =>
      /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `https://${value.replace(/^\/\//, '')}`,
    ),
  ),
  z.pipe(
    httpUrl(CDN_URL_EXPECTED).check(
      z.refine((value) => !/['"\s<>{}\\^`|]|:\/\/[^/]*_/.test(value), CDN_URL_EXPECTED),
      z.refine(
        (value) => !URL.canParse(value) || isLoopback(new URL(value).hostname) || new URL(value).hostname.includes('.'),
        CDN_URL_EXPECTED,
      ),
      z.refine(
        (value) => !/\/content\/(images|media|files)(\/|$)/.test(value),
        'must be the URL of the CDN without "/content/images", which is added to it',
      ),
      z.refine(
        (value) => !URL.canParse(value) || new URL(value).protocol !== 'http:' || isLoopback(new URL(value).hostname),
        'must start with https:// (browsers block http: images on an https: blog)',
      ),
    ),
    z.transform((value: string) => {
      // `origin` has the host in lower case and no default port, and DNS allows a dot at the end. The path is
      // unchanged.
      const { origin, pathname } = new URL(value);
      return `${origin.replace(/\.(?=:\d+$|$)/, '')}${pathname.replace(/\/+$/, '')}`;
    }),
  ),
);
