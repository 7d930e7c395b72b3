/** For opening a blog. Installing Ghost, when it is not there yet, takes a minute or two; on a small machine more. */
export const SETUP_TIMEOUT_MS = 900_000;
export const TEST_TIMEOUT_MS = 120_000;
