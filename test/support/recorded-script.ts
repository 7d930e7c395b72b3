import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A command as the shell would start it. */
export interface Command {
  name: string;
  args: string[];
  /** The contents of its files at that moment, by the argument that names them: `file://x.json`. */
  files: Record<string, string>;
}

/** The programs that are recorded instead of started. */
const PROGRAMS = ['aws', 'npx', 'npm', 'tar', 'curl', 'openssl', 'ghost', 'jq', 'less', 'bash', 'chown'];

/** The programs that are started: those that change nothing but files that are named to them. */
const STARTED = ['cat', 'cp', 'date', 'sed'];

/** Separators between commands, and between a command's arguments and its files. */
const [NEXT_COMMAND, NEXT_FILE] = ['\x1e', '\x1f'];

/**
 * Replaces `--query 'merge(DistributionConfig, `{…}`)'`: prints the configuration that the script sent last, with the
 * literal's members in place of its own. `--query DistributionConfig` prints it unchanged.
 */
const MERGE = [
  'const [, literal] = /`([^`]*)`/.exec(process.argv[1]);',
  "const sent = JSON.parse(require('fs').readFileSync('.distribution', 'utf8'));",
  'console.log(JSON.stringify({ ...sent, ...JSON.parse(literal) }));',
].join(' ');

/**
 * Runs a bash script in an empty folder, and records the programs that it would start.
 *
 * @param script gets no variables except PATH, which has no program that could change the machine
 * @param answers the programs' output, by their first words: `aws sts get-caller-identity`
 * @returns the commands in order, and the script's files and their permissions (`0o600`), by name
 * @throws Error with bash's message if the script fails
 */
export function recordScript(
  script: string,
  answers: Record<string, string>,
): { commands: Command[]; files: Record<string, string>; modes: Record<string, number> } {
  const folder = mkdtempSync(path.join(tmpdir(), 'recorded-script-'));
  try {
    const bin = path.join(folder, '.bin');
    mkdirSync(bin);
    symlinkSync(process.execPath, path.join(bin, 'node'));
    STARTED.forEach((name) => symlinkSync(pathOf(name), path.join(bin, name)));
    const { status, stderr } = spawnSync(pathOf('bash'), ['--norc', '-c', `${prologue(answers)}\n${script}`], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: bin },
    });
    if (status !== 0) {
      throw new Error(`The script ends with ${status}: ${stderr}`);
    }
    const read = (name: string) => readFileSync(path.join(folder, name), 'utf8');
    const names = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map(({ name }) => name);
    return {
      commands: read('.commands').split(`${NEXT_COMMAND}\0`).slice(0, -1).map(toCommand),
      files: Object.fromEntries(names.map((name) => [name, read(name)])),
      modes: Object.fromEntries(names.map((name) => [name, statSync(path.join(folder, name)).mode & 0o777])),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Returns where a program is on this machine. */
function pathOf(program: string): string {
  const found = (process.env.PATH ?? '')
    .split(path.delimiter)
    .map((place) => path.join(place, program))
    .find((place) => existsSync(place));
  if (found === undefined) {
    throw new Error(`There is no ${program} on the PATH.`);
  }
  return found;
}

function prologue(answers: Record<string, string>): string {
  return `
    set -eu
    sudo() { "$@"; }
    record() {
      printf '%s\\0' "$@" >> .commands
      local argument name
      for argument in "$@"; do
        case "$argument" in
          file://* | fileb://*)
            name="\${argument#*://}"
            printf '%s\\0' "${NEXT_FILE}$argument" "$(cat "$name")" >> .commands
            case "$*" in *' --distribution-config '*) cp "$name" .distribution ;; esac
            ;;
        esac
      done
      printf '${NEXT_COMMAND}\\0' >> .commands
      case "$*" in
        *'--query DistributionConfig '*) cat .distribution ;;
        *'merge('*) node -e ${quote(MERGE)} "$*" ;;
        ${Object.entries(answers)
          .map(([words, answer]) => `${quote(words)}*) echo ${quote(answer)} ;;`)
          .join('\n')}
      esac
    }
    ${PROGRAMS.map((name) => `${name}() { record ${name} "$@"; }`).join('\n')}
    cd() { :; }`;
}

function toCommand(record: string): Command {
  const [name = '', ...words] = record.split('\0').slice(0, -1);
  const firstFile = words.findIndex((word) => word.startsWith(NEXT_FILE));
  const args = firstFile < 0 ? words : words.slice(0, firstFile);
  const pairs = firstFile < 0 ? [] : words.slice(firstFile);
  const files: Record<string, string> = {};
  for (let index = 0; index < pairs.length; index += 2) {
    files[pairs[index]?.slice(1) ?? ''] = pairs[index + 1] ?? '';
  }
  return { name, args, files };
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
