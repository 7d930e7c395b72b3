import { stripVTControlCharacters } from 'node:util';

/** The captured output of the process. */
export interface WrittenOutput {
  /** Without colors. */
  stdout: string;
  stderr: string;
  restore(): void;
}

/** Captures both outputs instead of showing them. */
export function listenToOutput(): WrittenOutput {
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    jest.spyOn(process[name], 'write').mockImplementation((chunk) => {
      written[name] += stripVTControlCharacters(String(chunk));
      return true;
    }),
  );
  const written: WrittenOutput = {
    stdout: '',
    stderr: '',
    restore: () => spies.forEach((spy) => spy.mockRestore()),
  };
  return written;
}
