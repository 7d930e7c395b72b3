// Builds docs/commands.md from the definitions of the commands.
import type { Command, Option } from 'commander';
import { ENVIRONMENT } from '../../src/commands/environment';
import { createProgram } from '../../src/commands/program';

/** The variables that the system, npm or AWS sets for a process. Users have no reason to. */
export const SET_BY_THE_SYSTEM = [
  'APPDATA',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_EXECUTION_ENV',
  'DOCKER_CONFIG',
  'ECS_CONTAINER_METADATA_URI_V4',
  'GHOST_CONTENT',
  'GHOST_INSTALL',
  'HOME',
  'PATH',
  'PWD',
  'SUDO_USER',
  'TERM',
  'npm_command',
  'npm_execpath',
];

const table = (heads: string[], ...rows: string[][]): string =>
  [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** Returns the lines below a title in the help of a command. */
function linesOf(command: Command, title: string): string[] {
  let help = '';
  command.configureOutput({ writeOut: (text) => void (help += text) }).outputHelp();
  const [, section = ''] = help.split(`\n${title}:\n`);
  return (section.split('\n\n')[0] ?? '').trimEnd().split('\n');
}

/** Returns the terms of a list in the help with their explanations, which may be wrapped. */
function termsOf(lines: string[]): [term: string, text: string][] {
  const terms: [string, string][] = [];
  for (const line of lines) {
    const [, term, first] = /^ {2}(\S+) +(.*)$/.exec(line) ?? [];
    const last = terms.at(-1);
    if (term !== undefined && first !== undefined) {
      terms.push([term, first]);
    } else if (last) {
      last[1] += ` ${line.trim()}`;
    }
  }
  return terms;
}

/** Marks what users type: options, variables and paths. */
const withCode = (text: string): string =>
  text.replace(
    /--[a-z][a-z-]+|(?<![\w-])[A-Z]+(_[A-Z0-9]+)+|content\/[\w/]+|config\.\w+\.json|~\/[.\w/]+|\*\.\w+\.com/g,
    '`$&`',
  );

/** Separates the default from the description of an option: `bucket name (default: generated)`. */
function optionRow({ flags, description, envVar }: Option): string[] {
  const [, text = description, prefix = '', standard = '', required = ''] =
    /^(.*) \((?:default( \w+)?: (.*)|(required))\)$/.exec(description) ?? [];
  const name = prefix && `${prefix.trim()}: `;
  const column = required || (standard ? `${name}${standard}` : envVar === undefined ? '' : envVar);
  return [`\`${flags}\``, withCode(text), withCode(column)];
}

const isOfProgram = (program: Command, { flags }: Option) =>
  flags === '-h, --help' || program.options.some((option) => option.flags === flags);

function optionsTable(group: string, options: Option[]): string {
  const rows = options.map(optionRow);
  const hasDefaults = rows.some(([, , standard]) => standard !== '');
  const heads = [group.replace(/:$/, ''), 'What it does', 'Default'];
  return table(
    ...([heads, ...rows].map((cells) => (hasDefaults ? cells : cells.slice(0, 2))) as [string[], ...string[][]]),
  );
}

/** Returns the section of a command, and those of its commands. */
function sectionOf(program: Command, command: Command, before: string[] = []): string {
  const names = [...before, command.name()];
  const help = program.createHelp();
  const groups = new Map<string, Option[]>();
  for (const option of help.visibleOptions(command).filter((each) => !isOfProgram(program, each))) {
    const group = option.helpGroupHeading ?? '';
    groups.set(group, [...(groups.get(group) ?? []), option]);
  }
  const examples = linesOf(command, 'Examples').map((line) => line.replace(/^ *\$ /, ''));
  const exitCodes = termsOf(linesOf(command, 'Exit codes')).map(([code, text]) => `- \`${code}\`: ${withCode(text)}`);
  return [
    `${'#'.repeat(names.length + 1)} ${names.join(' ')}`,
    withCode(command.description()),
    `\`\`\`text\n${help.commandUsage(command)}\n\`\`\``,
    ...[...groups].map(([group, options]) => optionsTable(group, options)),
    `Examples:\n\n\`\`\`bash\n${examples.join('\n')}\n\`\`\``,
    `Exit codes:\n\n${exitCodes.join('\n')}`,
    ...command.commands.map((each) => sectionOf(program, each, names)),
  ].join('\n\n');
}

/** Returns docs/commands.md, the columns of its tables not aligned. */
export function commandsPage(): string {
  const program = createProgram();
  const help = program.createHelp();
  const commands = help.visibleCommands(program).filter((command) => command.name() !== 'help');
  return `${[
    '# Commands',
    'All commands with their options, examples, exit codes and environment variables, as `--help` shows them.',
    "<!-- Written from the commands' own definitions by `npm run docs`. -->",
    '`setup` does everything. The other commands do its steps one at a time, and more. Run them in the folder in which Ghost is installed, or name that folder with `--ghost`. `help` and the name of a command show its help in the terminal.',
    table(
      ['Command', 'What it does'],
      ...commands.map((command) => [`[\`${command.name()}\`](#${command.name()})`, command.summary()]),
    ),
    'Every command has these options:',
    table(
      ['Option', 'What it does'],
      ...help.visibleOptions(program).map((option) => [`\`${option.flags}\``, option.description]),
    ),
    ...commands.map((command) => sectionOf(program, command)),
    '## Exit codes',
    'Every command ends with one of these. Scripts can rely on them.',
    table(
      ['Exit code', 'Meaning'],
      ...termsOf(linesOf(program, 'Exit codes')).map(([code, text]) => [`\`${code}\``, text]),
    ),
    '## Environment variables',
    'The commands read these variables. Names of proxies work in lower case too.',
    table(
      ['Variable', 'What it is'],
      ...Object.entries(ENVIRONMENT).map(([name, text]) => [`\`${name}\``, withCode(text)]),
    ),
    "Ghost's own settings work as environment variables too: see [Configuration](configuration.md#environment-variables).",
    `The commands also look at variables that users do not set by hand: ${SET_BY_THE_SYSTEM.map((name) => `\`${name}\``).join(', ')}.`,
  ].join('\n\n')}\n`;
}
