/** What a check before the start has found. */
export interface Finding {
  /** Name of the check, `CAA`. */
  check: string;
  /** Whether to go on makes no sense; else it is a warning. */
  refuses: boolean;
  /** What is not as it should be, in a sentence. */
  cause: string;
  /** What to do about it. */
  cure: string;
}
