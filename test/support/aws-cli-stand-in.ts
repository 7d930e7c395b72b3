import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import { type JSONValue, search } from '@jmespath-community/jmespath';
import { listen } from './local-server';

/** What `aws` answers, by operation: `sts get-caller-identity`. A text is an error, except {@link HANGS}. */
export type Answers = Record<string, unknown>;

/** As an answer: the command prints this word and does not end. */
export const HANGS = 'hangs';

/** The status of the AWS CLI for an error of AWS. */
const REFUSED = 254;

/** Takes the place of the program `aws` for a script. */
export interface AwsCli {
  /** A bash program that hands its arguments over, and prints what it gets. Node would take a tenth of a second to start. */
  program: string;
  close(): void;
}

/**
 * Starts the stand-in. It applies `--query`, and prints the text format.
 *
 * @param account `answers`: the first ones; `after`: those that change once an operation was called, by this operation;
 * `failing`: which call fails, from 0
 * @param calls the file that each call is recorded in, a line of JSON each
 * @param cat path of the program
 */
export async function startAwsCli(
  account: { answers: Answers; after: Record<string, Answers>; failing?: number },
  calls: string,
  cat: string,
): Promise<AwsCli> {
  const answers = { ...account.answers };
  const open = new Set<Socket>();
  let count = 0;

  const answerTo = (args: string[]): { code: number; text: string } => {
    record(args, calls);
    const operation = args.slice(0, 2).join(' ');
    if (count++ === account.failing) {
      return { code: REFUSED, text: 'An error occurred (Throttling): Rate exceeded\n' };
    }
    const answer = answers[operation];
    Object.assign(answers, account.after[operation]);
    if (answer === undefined || (typeof answer === 'string' && answer !== HANGS)) {
      return { code: REFUSED, text: `${answer ?? `The stand-in has no answer to aws ${operation}.`}\n` };
    }
    const query = args.includes('--query') ? (args[args.indexOf('--query') + 1] ?? '') : '@';
    return { code: 0, text: answer === HANGS ? `${HANGS}\n` : asText(search(filtered(answer, args), query)) };
  };

  const server = createServer((socket) => {
    open.add(socket.on('close', () => open.delete(socket)).on('error', () => socket.destroy()));
    let received = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      received += text;
      const [number = '', ...words] = received.split('\0');
      if (words.length > Number(number)) {
        const { code, text: output } = answerTo(words.slice(0, -1));
        socket.write(`${code}\n${output}`);
        if (output !== `${HANGS}\n`) socket.end();
      }
    });
  });
  const port = await listen(server);
  return {
    program: [
      `exec 3<>/dev/tcp/127.0.0.1/${port}`,
      `printf '%s\\0' "$#" "$@" >&3`,
      'IFS= read -r code <&3',
      `if [ "$code" = 0 ]; then '${cat}' <&3; else '${cat}' <&3 >&2; fi`,
      'exit "$code"',
    ].join('\n'),
    close() {
      server.close();
      open.forEach((socket) => socket.destroy());
    },
  };
}

/** Records a call with the files that it names, and with their permissions and those of their folders. */
function record(args: string[], calls: string): void {
  const names = args.filter((word) => word.startsWith('file://')).map((word) => word.slice('file://'.length));
  const files = Object.fromEntries(names.map((name) => [`file://${name}`, readFileSync(name, 'utf8')]));
  const modes = names.flatMap((name) => [name, path.dirname(name)]).map((file) => statSync(file).mode);
  appendFileSync(calls, `${JSON.stringify({ name: 'aws', args, files, modes })}\n`);
}

/** Leaves the certificates that have one of the statuses that were asked for. */
function filtered(answer: unknown, args: string[]): JSONValue {
  const { CertificateSummaryList: certificates } = (answer ?? {}) as { CertificateSummaryList?: { Status: string }[] };
  return (
    certificates ? { CertificateSummaryList: certificates.filter(({ Status }) => args.includes(Status)) } : answer
  ) as JSONValue;
}

/** As awscli's text formatter prints values that are not objects: a list is a line, and a list of lists several. */
function asText(value: JSONValue): string {
  if (!Array.isArray(value)) {
    return typeof value === 'object' && value ? '' : `${value ?? 'None'}\n`;
  }
  return value.some(Array.isArray)
    ? value.map(asText).join('')
    : value.length > 0
      ? `${value.map((item) => asText(item).trimEnd()).join('\t')}\n`
      : '';
}
