import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** A module for Node's `--import` that resolves AWS host names to this machine. */
export const HOSTS_OF_AWS = pathToFileURL(path.join(__dirname, 'hosts-of-aws.mjs')).href;

/** A child process that answers questions, one at a time. */
export class Child<Question, Answer> {
  private constructor(private readonly child: ChildProcess) {}

  /**
   * Starts a script.
   *
   * @param script its path
   * @param argument passed as JSON
   * @returns the process and its first message
   * @throws Error if it ends before that message
   */
  static async start<Question extends object, Answer, First>(
    script: string,
    argument: unknown,
  ): Promise<[Child<Question, Answer>, First]> {
    // The adapters' logs are of no interest.
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

/** Returns the environment without this machine's AWS settings. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  return {
    ...Object.fromEntries(own),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
}
