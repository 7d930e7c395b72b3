import type { CaaRecord } from 'node:dns';
import { Interruption } from '../../src/shell/failure';
import { createColors } from 'picocolors';
import type { Spinner, Terminal } from '../../src/shell/terminal';
import { signIn } from '../../src/commands/provision/aws/sign-in';
import type { Resolver } from '../../src/commands/provision/dns/live-dns';
import { provision, type Provisioned } from '../../src/commands/provision/provision';
import { type ProvisionOptions, readSettings } from '../../src/commands/provision/settings';
import type { Session } from '../../src/commands/provision/session';
import type { AwsAccount } from './aws-account';

/** A terminal that writes down what is said, and answers as a test wants it. */
export class RecordedTerminal implements Terminal {
  /** Everything that was said, warnings and events too. */
  readonly lines: string[] = [];
  readonly warnings: string[] = [];
  readonly steps: string[] = [];
  /** What stood beside the spinners. */
  readonly progress: string[] = [];
  readonly questions: string[] = [];
  results: unknown[] = [];
  /** Answers to questions for a text, in order. */
  readonly typed: string[] = [];
  agrees = true;
  readonly colors = createColors(false);
  private readonly interruption = new AbortController();

  get signal(): AbortSignal {
    return this.interruption.signal;
  }

  get text(): string {
    return this.lines.join('\n');
  }

  /** Ctrl-C */
  interrupt(): void {
    this.interruption.abort();
  }

  say(text = ''): void {
    this.lines.push(text);
  }

  warn(text: string): void {
    this.warnings.push(text);
    this.say(text);
  }

  result(value: unknown): void {
    this.results.push(value);
  }

  async step<T>(title: string, run: Parameters<Terminal['step']>[1]): Promise<T> {
    if (this.signal.aborted) {
      throw new Interruption();
    }
    this.steps.push(title);
    this.say(title);
    return (await run({ progress: this.spin().progress, event: (text) => this.say(text) })) as T;
  }

  spin(): Spinner {
    return { progress: (text) => void this.progress.push(text), stop() {} };
  }

  bar(): () => void {
    return () => {};
  }

  confirm(question: string): Promise<boolean> {
    this.questions.push(question);
    return Promise.resolve(this.agrees);
  }

  type(question: string): Promise<string> {
    this.questions.push(question);
    return Promise.resolve(this.typed.shift() ?? '');
  }
}

/** The live DNS of the tests, by name and type; what is not there does not exist. */
export interface LiveDns {
  NS?: Record<string, string[]>;
  CAA?: Record<string, CaaRecord[]>;
  CNAME?: Record<string, string[]>;
  A?: Record<string, string[]>;
  /** Apexes of zones. */
  SOA?: string[];
}

/** A resolver that answers from what a test says, and for the account's public zones what Route 53 would. */
export function resolverOf(account: AwsAccount, live: LiveDns): Resolver {
  const answer = <T>(value: T | undefined): Promise<T> =>
    value === undefined
      ? Promise.reject(Object.assign(new Error('queryAny ENOTFOUND'), { code: 'ENOTFOUND' }))
      : Promise.resolve(value);
  const zoneNamed = (name: string) => account.hostedZones.all.find((zone) => !zone.private && zone.name === `${name}.`);
  return {
    resolveNs: (name) => answer(live.NS?.[name] ?? zoneNamed(name)?.nameServers),
    resolveCaa: (name) => answer(live.CAA?.[name]),
    resolveSoa: (name) => answer((live.SOA?.includes(name) || zoneNamed(name) ? {} : undefined) as never),
    resolveCname: (name) => answer(live.CNAME?.[name]),
    resolve4: (name) => answer(live.A?.[name]),
  };
}

/** Signs in to the account of the tests. Pauses take no time, but end with Ctrl-C. */
export async function openTestSession(
  account: AwsAccount,
  { live = {}, ...options }: ProvisionOptions & { live?: LiveDns } = {},
): Promise<Session & { terminal: RecordedTerminal }> {
  const terminal = new RecordedTerminal();
  return {
    aws: await signIn({ region: 'eu-central-1', ...options }),
    terminal,
    resolver: resolverOf(account, live),
    pause: () => (terminal.signal.aborted ? Promise.reject(new Interruption()) : Promise.resolve()),
  };
}

/** Runs `provision` once. */
export async function provisionOnce(
  account: AwsAccount,
  options: ProvisionOptions & { live?: LiveDns } = {},
  prepare: (terminal: RecordedTerminal) => void = () => {},
): Promise<{ terminal: RecordedTerminal; provisioned?: Provisioned; error?: Error & { cure?: string } }> {
  const given = { domain: 'images.example.com', ghostUrl: 'https://blog.example.com', ...options };
  const session = await openTestSession(account, given);
  prepare(session.terminal);
  try {
    return { terminal: session.terminal, provisioned: await provision(session, readSettings(given)) };
  } catch (error) {
    return { terminal: session.terminal, error: error as Error };
  }
}
