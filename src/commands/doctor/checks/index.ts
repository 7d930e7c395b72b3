import type { Check } from '../check';
import * as bucket from './bucket';
import * as settings from './bucket-settings';
import * as caching from './cdn-caching';
import * as connection from './cdn-connection';
import * as delivery from './cdn-delivery';
import * as conditions from './conditional-writes';
import * as config from './config';
import * as credentials from './credentials';
import * as files from './files';
import * as ghost from './ghost-installation';
import * as blog from './ghost-requests';
import { LABELS } from './labels';
import { checkLocations } from './locations';
import { checkOriginals } from './originals';
import { checkOwnImages } from './own-images';
import * as permissions from './permissions';
import * as secrets from './secrets';
import { checkWebp } from './webp';

type Row = Omit<Check, 'label' | 'name'> & { name: keyof typeof LABELS };

const ROWS: Row[] = [
  { group: 'Config', name: 'file', run: config.checkFile },
  { group: 'Config', name: 'storage block', needs: ['file'], run: config.checkStorageBlock },
  { group: 'Config', name: 'options', needs: ['storage block'], run: config.checkOptions },
  { group: 'Config', name: 'endpoint', needs: ['options'], run: config.checkEndpoint },
  { group: 'Config', name: 'proxy', needs: ['endpoint'], run: config.checkProxy },
  { group: 'Config', name: 'region', needs: ['endpoint'], run: config.checkRegion },
  { group: 'Config', name: 'features', needs: ['options'], run: config.checkFeatures },
  { group: 'Config', name: 'prefixes', needs: ['options'], run: config.checkPrefixes },
  { group: 'Config', name: 'urls', needs: ['options'], run: config.checkUrls },
  { group: 'Config', name: 'url', needs: ['file'], run: config.checkSiteUrl },
  { group: 'Config', name: 'content folder', needs: ['file'], run: files.checkContentFolder },
  { group: 'Config', name: 'secrets', needs: ['file'], run: secrets.checkFileMode },
  { group: 'Config', name: 'keys', needs: ['endpoint'], run: secrets.checkKeys },

  { group: 'Credentials', name: 'credentials', needs: ['options', 'region'], run: credentials.checkCredentials },
  { group: 'Credentials', name: 'S3 answers', needs: ['options', 'region'], run: credentials.checkS3Answers },
  { group: 'Credentials', name: 'clock', needs: ['S3 answers'], run: credentials.checkClock },
  { group: 'Credentials', name: 'accepted', needs: ['credentials', 'clock'], run: credentials.checkAccepted },
  { group: 'Credentials', name: 'identity', needs: ['accepted'], run: credentials.checkIdentity },

  { group: 'Bucket', name: 'bucket', needs: ['accepted'], run: bucket.checkBucket },
  { group: 'Bucket', name: 'bucket region', needs: ['bucket'], run: bucket.checkBucketRegion },
  { group: 'Bucket', name: 'ownership', needs: ['bucket region'], run: settings.checkOwnership },
  { group: 'Bucket', name: 'public access block', needs: ['bucket region'], run: settings.checkPublicAccessBlock },
  { group: 'Bucket', name: 'private', needs: ['bucket region'], run: bucket.checkPrivacy },
  { group: 'Bucket', name: 'encryption', needs: ['bucket region'], run: settings.checkEncryption },
  { group: 'Bucket', name: 'versioning', needs: ['bucket region'], run: settings.checkVersioning },
  { group: 'Bucket', name: 'incomplete uploads', needs: ['bucket region'], run: settings.checkIncompleteUploads },
  { group: 'Bucket', name: 'conditional writes', needs: ['bucket region'], run: conditions.checkConditionalWrites },
  {
    group: 'Bucket',
    name: 'conditional large uploads',
    needs: ['conditional writes'],
    run: conditions.checkConditionalCompletion,
  },

  { group: 'Permissions', name: 'delete', needs: ['bucket region'], run: permissions.checkDelete },
  { group: 'Permissions', name: 'write', needs: ['delete'], run: permissions.checkWrite },
  { group: 'Permissions', name: 'read', needs: ['write'], run: permissions.checkRead },
  { group: 'Permissions', name: 'list', needs: ['bucket region'], run: permissions.checkList },
  { group: 'Permissions', name: 'abort', needs: ['bucket region'], run: permissions.checkAbort },
  { group: 'Permissions', name: 'encrypt', needs: ['read'], run: permissions.checkEncrypt },
  { group: 'Permissions', name: 'invalidate', needs: ['accepted'], run: permissions.checkInvalidate },

  { group: 'CDN', name: 'DNS', needs: ['options'], run: connection.checkDns },
  { group: 'CDN', name: 'TLS', needs: ['DNS'], run: connection.checkTls },
  { group: 'CDN', name: 'certificate', needs: ['TLS'], run: connection.checkCertificate },
  { group: 'CDN', name: 'HTTP/2', needs: ['certificate'], run: connection.checkHttp2 },
  { group: 'CDN', name: 'HTTP redirect', needs: ['DNS'], run: connection.checkHttpRedirect },
  { group: 'CDN', name: 'answers', needs: ['certificate'], run: connection.checkAnswers },
  { group: 'CDN', name: 'no listing', needs: ['answers'], run: delivery.checkNoListing },
  // A CDN that may not read the bucket answers 403 for missing files too, so files that exist are checked first.
  { group: 'CDN', name: 'same bytes', needs: ['answers', 'write'], run: delivery.checkBytes },
  { group: 'CDN', name: 'missing file', needs: ['answers', 'same bytes'], run: delivery.checkMissingFile },
  { group: 'CDN', name: 'originals', needs: ['same bytes'], run: checkOriginals },
  { group: 'CDN', name: 'type', needs: ['same bytes'], run: delivery.checkContentType },
  { group: 'CDN', name: 'cache headers', needs: ['same bytes'], run: caching.checkCacheControl },
  { group: 'CDN', name: 'security headers', needs: ['same bytes'], run: delivery.checkSecurityHeaders },
  { group: 'CDN', name: 'CORS', needs: ['same bytes'], run: delivery.checkCors },
  { group: 'CDN', name: 'ranges', needs: ['same bytes'], run: delivery.checkRanges },
  { group: 'CDN', name: 'not modified', needs: ['same bytes'], run: caching.checkNotModified },
  { group: 'CDN', name: 'cached', needs: ['same bytes'], run: caching.checkCached },

  {
    group: 'Files',
    name: 'files',
    wait: 'for the list of files in the bucket',
    needs: ['content folder', 'prefixes', 'bucket region'],
    run: files.checkFiles,
  },
  { group: 'Files', name: 'own images', needs: ['bucket region', 'type'], run: checkOwnImages },
  { group: 'Files', name: 'locations', needs: ['bucket region', 'read'], run: checkLocations },

  { group: 'Ghost', name: 'Ghost', needs: ['file'], run: ghost.checkVersion },
  { group: 'Ghost', name: 'Node', needs: ['Ghost'], run: ghost.checkNode },
  { group: 'Ghost', name: 'adapter', needs: ['content folder'], run: ghost.checkAdapter },
  { group: 'Ghost', name: 'not shadowed', needs: ['adapter'], run: ghost.checkNotShadowed },
  { group: 'Ghost', name: 'blog answers', needs: ['file', 'options'], run: blog.checkBlogAnswers },
  {
    group: 'Ghost',
    name: 'old links',
    needs: ['blog answers', 'features', 'prefixes', 'write'],
    run: blog.checkOldLinks,
  },
  { group: 'Ghost', name: 'sizes', needs: ['old links'], run: blog.checkSizes },
  { group: 'Ghost', name: 'sizes on the CDN', needs: ['type', 'sizes'], run: blog.checkSizesOnCdn },
  { group: 'Ghost', name: 'WebP', needs: ['sizes on the CDN'], run: checkWebp },

  // The slowest check is the last one: it takes as long as the CDN caches that a file is missing.
  {
    group: 'CDN',
    name: 'asked too early',
    wait: 'until the CDN no longer caches that a file was missing, about a minute',
    needs: ['missing file', 'same bytes'],
    run: caching.checkAskedTooEarly,
  },
];

/** All checks. Each one comes after those that it needs. */
export const CHECKS: Check[] = ROWS.map((row) => ({ ...row, label: LABELS[row.name] }));
