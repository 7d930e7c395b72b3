// The `code` of every error that the adapter throws.

/** An option in Ghost's configuration is missing or unknown, or has an invalid value. */
export const CONFIG_INVALID = 'STORAGE_CONFIG_INVALID';

/** A path or URL is not one of a file that the adapter may store, or leaves its folder. */
export const PATH_REFUSED = 'STORAGE_PATH_REFUSED';

/** An upload has no file name. */
export const FILE_NAME_MISSING = 'STORAGE_FILE_NAME_MISSING';

/** Every name that was tried for an upload was taken by another upload. */
export const NAME_TAKEN = 'STORAGE_NAME_TAKEN';

/** The temporary file of an upload could not be read. */
export const UPLOAD_UNREADABLE = 'STORAGE_UPLOAD_UNREADABLE';

/** The file does not exist in the bucket. */
export const FILE_NOT_FOUND = 'STORAGE_FILE_NOT_FOUND';

/** S3 rejects an option of the adapter: bucket, region, credentials, storage class, encryption key, ACL. */
export const S3_MISCONFIGURED = 'STORAGE_S3_MISCONFIGURED';

/** The credentials lack a permission. */
export const S3_FORBIDDEN = 'STORAGE_S3_FORBIDDEN';

/** A quota or cap of the service is used up. */
export const S3_FULL = 'STORAGE_S3_FULL';

/** S3 did not respond. */
export const S3_UNREACHABLE = 'STORAGE_S3_UNREACHABLE';

/** S3 failed in any other way. */
export const S3_FAILED = 'STORAGE_S3_FAILED';

/** A file of the adapter is missing: it was updated or removed while Ghost was running. */
export const ADAPTER_INCOMPLETE = 'STORAGE_ADAPTER_INCOMPLETE';

/** The operating system's limit of open files and connections is reached. */
export const TOO_MANY_OPEN_FILES = 'STORAGE_TOO_MANY_OPEN_FILES';
