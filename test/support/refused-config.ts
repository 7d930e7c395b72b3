import { parseConfig } from '../../src/core/config';

/** The options that an adapter needs. */
export const REQUIRED_OPTIONS = { bucket: 'blog-images', cdnUrl: 'https://images.example.com' };

/** Returns the error message for options that the adapter must refuse. */
export function refusal(options: unknown): string {
  try {
    parseConfig(options);
  } catch (error) {
    expect(error).toMatchObject({ errorType: 'IncorrectUsageError', code: 'STORAGE_CONFIG_INVALID' });
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}
