/** A template that was parsed before. */
export interface ParsedTemplate {
  /** Of its text, in hexadecimal. */
  sha256: string;
  /** The `Template`. */
  json: string;
}

/**
 * The package's own template, in dist: the build puts it in the place of this module, since parsing takes longer than all
 * the rest of `provision --dry-run`.
 */
export const AS_BUILT: ParsedTemplate | undefined = undefined;
