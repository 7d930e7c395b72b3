import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import * as acm from '@aws-sdk/client-acm';
import * as budgets from '@aws-sdk/client-budgets';
import * as cloudformation from '@aws-sdk/client-cloudformation';
import * as cloudfront from '@aws-sdk/client-cloudfront';
import * as iam from '@aws-sdk/client-iam';
import * as route53 from '@aws-sdk/client-route-53';
import * as s3api from '@aws-sdk/client-s3';
import * as sts from '@aws-sdk/client-sts';
import * as wafv2 from '@aws-sdk/client-wafv2';
import { listen, stop } from './local-server';
import type { Command } from './recorded-script';

/** The services by their CLI names, with the exports of their SDK clients, which include the schemas of operations. */
const SERVICES: Record<string, Record<string, unknown>> = {
  acm,
  budgets,
  cloudformation,
  cloudfront,
  iam,
  route53,
  s3api,
  sts,
  wafv2,
};

/** Options of all commands: https://docs.aws.amazon.com/cli/latest/reference/#options */
const GLOBAL_OPTIONS = ['region', 'profile', 'query', 'output', 'debug', 'no-cli-pager', 'endpoint-url'];

interface Shape {
  required: string[];
  optional: string[];
  /** Number of words in front of the options. */
  positional?: number;
  /** The possible values of options that have only a few. */
  values?: Record<string, string[]>;
}

/**
 * Commands that are not operations of a service, and those of services whose SDK client is not installed:
 * https://docs.aws.amazon.com/cli/latest/reference/
 */
const OTHER_COMMANDS: Record<string, Shape> = {
  configure: { required: [], optional: [] },
  'configure sso': { required: [], optional: [] },
  // From version 2.32 on.
  login: { required: [], optional: ['remote'] },
  's3 cp': { required: [], optional: ['cache-control', 'content-type', 'recursive'], positional: 2 },
  's3 rm': { required: [], optional: [], positional: 1 },
  's3 sync': { required: [], optional: ['cache-control', 'content-type', 'exclude', 'include'], positional: 2 },
  'cloudformation deploy': {
    required: ['stack-name', 'template-file'],
    optional: ['parameter-overrides', 'capabilities', 'tags', 'no-fail-on-empty-changeset'],
  },
  // Replaces the operation's --invalidation-batch.
  'cloudfront create-invalidation': { required: ['distribution-id', 'paths'], optional: [] },
  'ec2 associate-iam-instance-profile': { required: ['instance-id', 'iam-instance-profile'], optional: [] },
  'ec2 modify-instance-metadata-options': {
    required: ['instance-id'],
    optional: ['http-tokens', 'http-endpoint', 'http-put-response-hop-limit'],
    values: { 'http-tokens': ['optional', 'required'], 'http-endpoint': ['disabled', 'enabled'] },
  },
  'kms put-key-policy': { required: ['key-id', 'policy'], optional: ['policy-name'] },
};

/** The operations that the docs' waiters call. */
const WAITERS: Record<string, string> = {
  'acm certificate-validated': 'describe-certificate',
  'cloudfront distribution-deployed': 'get-distribution',
};

/** The SDK's schemas: a number for a scalar, otherwise a tuple that starts with the kind. */
type Schema = number | ((...nothing: never[]) => Schema) | unknown[];

const [SCALAR, LIST, MAP, STRUCTURE, UNION, OPERATION] = [0, 1, 2, 3, 4, 9];

/** Added to a scalar's number for a list or a map of it. */
const [LIST_OF, MAP_OF] = [64, 128];

const SCALAR_TYPES: Record<number, string> = { 0: 'string', 1: 'number', 2: 'boolean' };

/** A parsed command line. */
interface Parsed {
  service: string;
  operation: string;
  positional: string[];
  options: Map<string, string[]>;
}

/**
 * Checks a command against the models of AWS's SDK.
 *
 * @param command an `aws` command, with its files
 * @returns the problems: an unknown service, operation, option or member of a value, a missing required one, a value of
 *   the wrong type, or a --query for a member that the answer does not have
 */
export function problemsOf(command: Command): string[] {
  const parsed = parse(command.args);
  const { service, operation, positional, options } = parsed;
  const other = OTHER_COMMANDS[`${service} ${operation}`.trim()];
  if (other) {
    return [
      ...optionProblems(options, other.required, other.optional),
      ...Object.entries(other.values ?? {}).flatMap(([name, values]) =>
        (options.get(name) ?? []).filter((word) => !values.includes(word)).map((word) => `--${name} cannot be ${word}`),
      ),
      ...(positional.length === (other.positional ?? 0) ? [] : [`${positional.length} words before the options`]),
    ];
  }
  const client = SERVICES[service];
  if (!client) {
    return [`no service ${service}`];
  }
  const waiter = operation === 'wait' ? WAITERS[`${service} ${positional[0]}`] : undefined;
  if (waiter && !(`waitUntil${toPascalCase(positional[0] ?? '')}` in client)) {
    return [`no waiter ${positional[0]}`];
  }
  const schema = findOperation(client, waiter ?? operation);
  if (!schema) {
    return [`no operation ${operation} of ${service}`];
  }
  const [input, output] = [resolve(schema[4] as Schema), resolve(schema[5] as Schema)] as [unknown[], unknown[]];
  const { required, optional } = membersOf(input);
  const problems = optionProblems(options, required.map(toOption), optional.map(toOption));
  for (const name of [...required, ...optional]) {
    const words = options.get(toOption(name));
    if (words) {
      problems.push(...valueProblems(`--${toOption(name)}`, words, memberOf(input, name), command.files));
    }
  }
  return [...problems, ...queryProblems(options.get('query')?.[0], output)];
}

/**
 * Checks a command that is only mentioned, such as `aws s3 cp --recursive`: its names must exist, and missing ones do not
 * matter.
 *
 * @returns the problems, as {@link problemsOf} does
 */
export function problemsOfMention(line: string): string[] {
  const [name = '', ...args] = line.split(/\s+/);
  const leftOut = /^--[\w-]+ (?:is missing|has no value)$|words before the options$/;
  return problemsOf({ name, args, files: {} }).filter((problem) => !leftOut.test(problem));
}

function parse(args: string[]): Parsed {
  // `aws login` and `aws configure` have no operation.
  const operation = args[1]?.startsWith('--') ? '' : (args[1] ?? '');
  const [service = '', ...rest] = operation === '' ? args : args.toSpliced(1, 1);
  const firstOption = rest.findIndex((word) => word.startsWith('--'));
  const positional = firstOption < 0 ? rest : rest.slice(0, firstOption);
  const options = new Map<string, string[]>();
  let words: string[] = [];
  for (const word of rest.slice(positional.length)) {
    if (word.startsWith('--')) {
      const name = word.slice(2);
      words = options.get(name) ?? [];
      options.set(name, words);
    } else {
      words.push(word);
    }
  }
  return { service, operation, positional, options };
}

function optionProblems(options: Map<string, string[]>, required: string[], optional: string[]): string[] {
  const known = [...required, ...optional, ...GLOBAL_OPTIONS];
  return [
    ...required.filter((name) => !options.has(name)).map((name) => `--${name} is missing`),
    ...[...options.keys()].filter((name) => !known.includes(name)).map((name) => `no option --${name}`),
  ];
}

function valueProblems(place: string, words: string[], schema: Schema, files: Record<string, string>): string[] {
  const [word = ''] = words;
  const text = word.startsWith('file://') ? (files[word] ?? '') : word;
  const resolved = resolve(schema);
  if (text === '') {
    return [`${place} has no value`];
  }
  if (typeof resolved === 'number' && resolved < LIST_OF) {
    return [];
  }
  if (/^\s*[[{]/.test(text)) {
    return documentProblems(place, JSON.parse(text), resolved);
  }
  if (typeof resolved === 'number') {
    return resolved < MAP_OF ? [] : [`${place} is no map`];
  }
  if (resolved[0] === LIST) {
    return words.flatMap((item) => valueProblems(place, [item], resolved[4] as Schema, files));
  }
  // In the shorthand Key=value,Key=value, all values are strings, or lists of strings: Key=value,value.
  const members = new Map(
    text.split(/,(?=\w+=)(?![^{]*\})/).map((pair) => pair.split(/=(.*)/s, 2) as [string, string]),
  );
  const { required, optional } = membersOf(resolved);
  return [
    ...required.filter((name) => !members.has(name)).map((name) => `${place}: ${name} is missing`),
    ...[...members]
      .filter(([name, value]) => ![...required, ...optional].includes(name) || value === undefined)
      .map(([name]) => `${place}: no member ${name}`),
  ];
}

function documentProblems(place: string, value: unknown, schema: Schema): string[] {
  const resolved = resolve(schema);
  if (typeof resolved === 'number') {
    if (resolved >= MAP_OF) {
      return Object.values(value as object).flatMap((item) => documentProblems(place, item, resolved - MAP_OF));
    }
    if (resolved >= LIST_OF) {
      return listProblems(place, value, resolved - LIST_OF);
    }
    const type = SCALAR_TYPES[resolved];
    return type && typeof value !== type ? [`${place} is no ${type}`] : [];
  }
  switch (resolved[0]) {
    case LIST:
      return listProblems(place, value, resolved[4] as Schema);
    case MAP:
      return Object.values(value as object).flatMap((item) => documentProblems(place, item, resolved[5] as Schema));
    case STRUCTURE:
    case UNION: {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        return [`${place} is no object`];
      }
      const { required, optional } = membersOf(resolved);
      return [
        ...required.filter((name) => !(name in value)).map((name) => `${place}: ${name} is missing`),
        ...Object.entries(value).flatMap(([name, member]) =>
          [...required, ...optional].includes(name)
            ? documentProblems(`${place}.${name}`, member, memberOf(resolved, name))
            : [`${place}: no member ${name}`],
        ),
      ];
    }
    default:
      throw new Error(`${place}: a schema of kind ${String(resolved[0])}`);
  }
}

function listProblems(place: string, value: unknown, item: Schema): string[] {
  return Array.isArray(value)
    ? value.flatMap((member, index) => documentProblems(`${place}[${index}]`, member, item))
    : [`${place} is no list`];
}

/** Checks the names of a query and its filters, up to the first function. */
function queryProblems(query: string | undefined, output: unknown[]): string[] {
  let schema: Schema = output;
  for (const [, member = '', index, filter] of (query ?? '')
    .replace(/^merge\(/, '')
    .matchAll(/\.?([A-Za-z]+)(?![A-Za-z(])(\[(?:\d*|\?([^\]]*))\])?/gy)) {
    const { required, optional } = membersOf(schema as unknown[]);
    if (![...required, ...optional].includes(member)) {
      return [`--query: no ${member} in the answer`];
    }
    schema = resolve(memberOf(schema as unknown[], member));
    if (index && Array.isArray(schema) && schema[0] === LIST) {
      schema = resolve(schema[4] as Schema);
    }
    const item = schema as unknown[];
    const problems = (filter?.split(/&&|\|\|/) ?? []).flatMap((condition) => queryProblems(condition.trim(), item));
    if (problems.length > 0) {
      return problems;
    }
  }
  return [];
}

function findOperation(client: Record<string, unknown>, name: string): unknown[] | undefined {
  return Object.values(client).find(
    (exported): exported is unknown[] =>
      Array.isArray(exported) && exported[0] === OPERATION && toOption(String(exported[2])) === name,
  );
}

/** Required members come first in the SDK's structures. */
function membersOf(structure: unknown[]): { required: string[]; optional: string[] } {
  const [names, count = 0] = [structure[4] as string[], structure[6] as number | undefined];
  return { required: names.slice(0, count), optional: names.slice(count) };
}

function memberOf(structure: unknown[], name: string): Schema {
  return (structure[5] as Schema[])[(structure[4] as string[]).indexOf(name)] ?? 0;
}

/** Loads lazy schemas, and removes the wrappers that name a scalar or say how a member is transferred. */
function resolve(schema: Schema): number | unknown[] {
  if (typeof schema === 'function') {
    return resolve(schema());
  }
  if (typeof schema === 'number') {
    return schema;
  }
  if (schema.length === 2) {
    return resolve(schema[0] as Schema);
  }
  return schema[0] === SCALAR ? resolve(schema[4] as Schema) : schema;
}

/** Returns `create-origin-access-control` for `CreateOriginAccessControl`. */
function toOption(name: string): string {
  return name
    .replace(/(.)([A-Z][a-z]+)/g, '$1-$2')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase();
}

function toPascalCase(name: string): string {
  return name.replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Runs commands in this machine's AWS CLI: each must get as far as its first request, which a local server refuses.
 *
 * @param commands `aws` commands
 * @param others files that they use without `file://`, by path
 * @returns the CLI's errors for the others, by their first words; empty if there is no CLI
 */
export async function problemsOfInstalledCli(
  commands: Command[],
  others: Record<string, string>,
): Promise<Record<string, string>> {
  if (!(process.env.PATH ?? '').split(path.delimiter).some((place) => existsSync(path.join(place, 'aws')))) {
    return {};
  }
  const asked = new Set<string>();
  const server = createServer((request, response) => {
    asked.add(/^\/command-(\d+)/.exec(request.url ?? '')?.[1] ?? '');
    response.writeHead(400).end();
  });
  const port = await listen(server);
  try {
    const said = await runAll(commands, others, `http://127.0.0.1:${port}`);
    return Object.fromEntries(
      commands.flatMap(({ args }, index) =>
        asked.has(String(index)) ? [] : [[args.slice(0, 2).join(' '), said[index] ?? 'was not run']],
      ),
    );
  } finally {
    await stop(server);
  }
}

/**
 * Runs commands one after the other in a single Python process, since starting one for each takes minutes on a busy
 * machine. Needs the CLI as a Python package.
 */
const RUN_ALL = `
import contextlib, io, json, os, sys
from awscli.clidriver import create_clidriver
driver, said = create_clidriver(), []
for folder, args in json.load(sys.stdin):
    os.chdir(folder)
    errors = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
        try:
            driver.main(args)
        except (Exception, SystemExit) as error:
            print(repr(error), file=sys.stderr)
    said.append(errors.getvalue())
print(json.dumps(said))
`;

/** Returns the CLI's stderr for each command. */
async function runAll(commands: Command[], others: Record<string, string>, server: string): Promise<string[]> {
  const home = mkdtempSync(path.join(tmpdir(), 'aws-cli-'));
  const runs = commands.map(({ args, files }, index): [folder: string, args: string[]] => {
    const folder = path.join(home, String(index));
    for (const [name, text] of Object.entries({ ...others, ...files })) {
      const file = path.join(folder, name.replace(/^fileb?:\/\//, ''));
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    return [folder, [...args, '--endpoint-url', `${server}/command-${index}`]];
  });
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_DEFAULT_REGION: 'eu-central-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
    AWS_PAGER: '',
  };
  try {
    const { stdout } = await run('python3', ['-c', RUN_ALL], { cwd: home, env }, JSON.stringify(runs));
    if (stdout) {
      return JSON.parse(stdout) as string[];
    }
    // The CLI is a standalone program.
    const said: string[] = [];
    const queue = [...runs.entries()];
    const work = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const [index, [cwd, args]] = next;
        said[index] = (await run('aws', args, { cwd, env })).stderr;
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, work));
    return said;
  } finally {
    rmSync(home, { recursive: true });
  }
}

function run(
  program: string,
  args: string[],
  options: { cwd: string; env: Record<string, string | undefined> },
  input = '',
): Promise<{ stdout: string; stderr: string }> {
  return new Promise((ended) => {
    const child = execFile(program, args, options, (_error, stdout, stderr) => ended({ stdout, stderr }));
    // A process that ends before it has read everything reports the reason on stderr.
    child.stdin?.on('error', () => {}).end(input);
  });
}
