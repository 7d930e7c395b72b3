import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** For Node's `--import`: with it, the host names of AWS are this machine. */
export const HOSTS_OF_AWS = pathToFileURL(path.join(__dirname, 'hosts-of-aws.mjs')).href;

/** A process of the benchmarks that answers what it is asked, one question at a time. */
export class Child<Question, Answer> {
  private constructor(private readonly child: ChildProcess) {}

  /**
   * Starts a script.
   *
   * @param script its path
   * @param argument is handed over as JSON
   * @returns the process, and what it says first
   * @throws Error when it ends before
   */
  static async start<Question extends object, Answer, First>(
    script: string,
    argument: unknown,
  ): Promise<[Child<Question, Answer>, First]> {
    // What adapters log is not what is measured.
    const child = fork(script, [JSON.stringify(argument)], {
      execArgv: ['--import', HOSTS_OF_AWS, '--import', 'tsx', '--expose-gc'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: cleanEnvironment(),
    });
    const started = new Child<Question, Answer>(child);
    return [started, (await started.next()) as First];
  }

  async ask(question: Question): Promise<Answer> {
    this.child.send(question as object);
    return (await this.next()) as Answer;
  }

  async close(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exit = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await exit;
    }
  }

  private async next(): Promise<unknown> {
    const stop = new AbortController();
    try {
      return await Promise.race([
        once(this.child, 'message', { signal: stop.signal }).then(([message]: unknown[]) => message),
        once(this.child, 'exit', { signal: stop.signal }).then(([code]) => {
          throw new Error(`A process of the benchmark has ended (${String(code)}).`);
        }),
      ]);
    } finally {
      stop.abort();
    }
  }
}

/** Not what is set for AWS on this machine. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  return {
    ...Object.fromEntries(own),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
}
