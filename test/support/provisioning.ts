import { Interruption } from '../../src/shell/failure';
import { createColors } from 'picocolors';
import type { Choice, InputOptions, Spinner, Terminal } from '../../src/shell/terminal';
import { signIn } from '../../src/aws/sign-in';
import type { Resolver } from '../../src/commands/provision/dns/live-dns';
import { provision, type Provisioned } from '../../src/commands/provision/provision';
import { type ProvisionOptions, readSettings } from '../../src/commands/provision/settings';
import type { Session } from '../../src/commands/provision/session';
import type { AwsAccount } from './aws-account';
import { resolverOf, type NameRecords } from './resolver';

/** A terminal that records its output, and gives a test's answers. */
export class RecordedTerminal implements Terminal {
  /** All of the output, with warnings and events. */
  readonly lines: string[] = [];
  readonly warnings: string[] = [];
  readonly steps: string[] = [];
  /** The texts next to the spinners. */
  readonly progress: string[] = [];
  readonly questions: string[] = [];
  results: unknown[] = [];
  /** What the user types, in order. */
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

  line(text: string): void {
    this.lines.push(text);
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

  /** Whether the user can be asked to choose. */
  canChoose = false;

  choose(question: string, choices: Choice[]): Promise<string> {
    this.questions.push(question);
    const chosen = this.typed.shift();
    return choices.some(({ value }) => value === chosen)
      ? Promise.resolve(chosen ?? '')
      : Promise.reject(new Error(`There is no choice ${chosen}.`));
  }

  input(question: string, { default: proposed = '' }: InputOptions): Promise<string> {
    this.questions.push(question);
    return Promise.resolve(this.typed.shift() ?? proposed);
  }

  type(question: string): Promise<string> {
    this.questions.push(question);
    return Promise.resolve(this.typed.shift() ?? '');
  }
}

/** Returns a resolver that knows the account's public zones, and the names of a test. */
function liveDnsOf({ hostedZones }: AwsAccount, names: Record<string, NameRecords>): Resolver {
  const live = { ...names };
  for (const zone of hostedZones.all.filter((candidate) => !candidate.private)) {
    const name = zone.name.replace(/\.$/, '');
    live[name] = { SOA: true, NS: zone.nameServers, ...live[name] };
  }
  return resolverOf(live);
}

/** What the internet shows of names, by name; other names do not exist. */
type Live = { live?: Record<string, NameRecords> };

/** Opens a session in the account. Pauses in it take no time, and end with Ctrl-C. */
export async function openTestSession(
  account: AwsAccount,
  { live = {}, ...options }: ProvisionOptions & Live = {},
): Promise<Session & { terminal: RecordedTerminal }> {
  const terminal = new RecordedTerminal();
  return {
    aws: await signIn({ region: 'eu-central-1', ...options }),
    terminal,
    resolver: liveDnsOf(account, live),
    pause: () => (terminal.signal.aborted ? Promise.reject(new Interruption()) : Promise.resolve()),
  };
}

/** Runs `provision` once. */
export async function provisionOnce(
  account: AwsAccount,
  options: ProvisionOptions & Live = {},
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
