import { stripVTControlCharacters } from 'node:util';
import { createProgram } from '../../../src/commands/program';
import type { Failure } from '../../../src/shell/failure';

/** What a command ended with. */
export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** The environment of a command that is run for a test. */
export const environmentIn = (folder: string) => ({ HOME: folder, PATH: process.env.PATH, NO_COLOR: '1' });

/**
 * Runs `install` in this process, in a folder and with an environment of its own.
 *
 * @param skipsCheck whether it does not look at the bucket first; by default unless an endpoint is given
 */
export async function runInstall(
  folder: string,
  parameters: string[],
  env: Record<string, string> = {},
  skipsCheck = !parameters.includes('--endpoint'),
): Promise<Ended> {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    jest.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += stripVTControlCharacters(String(text));
      return true;
    }),
  );
  const environment = process.env;
  const directory = process.cwd();
  const listeners = process.listeners('SIGINT');
  process.env = { ...environmentIn(folder), ...env };
  process.chdir(folder);
  try {
    const skipCheck = skipsCheck ? ['--skip-check'] : [];
    await createProgram().parseAsync(['install', ...skipCheck, ...parameters], { from: 'user' });
    return { status: 0, ...written };
  } catch (error) {
    const { message, cure } = error as Failure;
    return { status: 1, ...written, stderr: `${written.stderr}${message}\n${cure}` };
  } finally {
    process.chdir(directory);
    process.env = environment;
    const added = process.listeners('SIGINT').filter((listener) => !listeners.includes(listener));
    added.forEach((listener) => process.off('SIGINT', listener));
    spies.forEach((spy) => spy.mockRestore());
  }
}
