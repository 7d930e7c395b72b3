import { spawn } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { listen, stop } from '../local-server';

/** A `sudo` for a command that runs as another user than this process, which is root. */
export interface Sudo {
  /** The programs that were run, with their parameters. */
  calls: string[][];
  /** What they got on their standard input. */
  inputs: string[];
  /** Set by tests: it lets the user run nothing. */
  refuses: boolean;
  close(): Promise<void>;
}

/**
 * Puts a `sudo` into a folder, which has this process run a program, without a password.
 *
 * @param environment what the program gets, as sudo passes no variable of the user
 */
export async function startSudo(bin: string, environment: NodeJS.ProcessEnv): Promise<Sudo> {
  const server = createServer((request, response) => {
    void text(request).then(async (body) => {
      const { parameters, input, cwd } = JSON.parse(body) as { parameters: string[]; input: string; cwd: string };
      const [program = '', ...rest] = parameters.filter((word) => word !== '--');
      sudo.calls.push([program, ...rest]);
      sudo.inputs.push(input);
      if (sudo.refuses) {
        response.end(JSON.stringify({ status: 1, output: 'operator is not in the sudoers file.\n' }));
        return;
      }
      const child = spawn(program, rest, { cwd, env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
      child.stdin.end(input);
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
      response.end(JSON.stringify({ status: await ended, output: out + errors }));
    });
  });
  const port = await listen(server);
  const script = `#!${process.execPath}
const { text } = require('node:stream/consumers');
const parameters = process.argv.slice(2);
const cwd = process.cwd();
const send = (input) => fetch('http://127.0.0.1:${port}/', { method: 'POST', body: JSON.stringify({ parameters, input, cwd }) });
text(process.stdin)
  .then(send)
  .then((answer) => answer.json())
  .then(({ status, output }) => process.stdout.write(output, () => process.exit(status)));
`;
  await writeFile(path.join(bin, 'sudo'), script);
  await chmod(path.join(bin, 'sudo'), 0o755);
  const sudo: Sudo = { calls: [], inputs: [], refuses: false, close: () => stop(server) };
  return sudo;
}
