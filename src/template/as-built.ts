/** A template that was parsed before. */
export interface ParsedTemplate {
  /** SHA-256 of its YAML, in hexadecimal. */
  sha256: string;
  /** The parsed `Template`. */
  json: string;
}

/**
 * The package's own template. The build replaces this module by the parsed template, because parsing takes longer than
 * the rest of `provision --dry-run`.
 */
export const AS_BUILT: ParsedTemplate | undefined = undefined;
