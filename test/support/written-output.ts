import { stripVTControlCharacters } from 'node:util';

/** What the process writes, while a test listens. */
export interface WrittenOutput {
  /** Without colours. */
  stdout: string;
  stderr: string;
  restore(): void;
}

/** Takes what is written to both outputs, in place of showing it. */
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
