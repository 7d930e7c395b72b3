import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { commandsPage, SET_BY_THE_SYSTEM } from '../../scripts/docs/commands-page';
import { isJson, readOptions, withOptions } from '../../scripts/docs/options-table';
import { ENVIRONMENT } from '../../src/commands/environment';
import { createProgram } from '../../src/commands/program';
import { OPTION_NAMES, parseConfig } from '../../src/core/config';
import { settingsOfEnvironment } from '../../src/ghost-site/config';
import { BROKEN_PIPE, INTERRUPTED } from '../../src/shell/failure';

const root = path.join(__dirname, '../..');
const read = (name: string) => readFileSync(path.join(root, name), 'utf8');
const commands = read('docs/commands.md');
const configuration = read('docs/configuration.md');

/** Columns are aligned for people who read the text. */
const withoutAlignment = (text: string) =>
  text
    .replace(/ +/g, ' ')
    .replace(/-{3,}/g, '---')
    .replace(/\n{2,}/g, '\n');

const source = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && path.basename(name) !== 'environment.ts')
  .map((name) => read(path.join('src', name)))
  .join('\n');

const unique = <T>(values: Iterable<T>) => [...new Set(values)].sort();

describe('docs/commands.md', () => {
  test('is what `npm run docs` writes', () => {
    expect(withoutAlignment(commands)).toBe(withoutAlignment(commandsPage()));
  });

  test('has every command and every option, and no others', () => {
    const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
    const help = createProgram().createHelp();
    const visible = help.visibleCommands(createProgram()).filter((command) => command.name() !== 'help');
    const names = visible.flatMap(all).map((command) => {
      const isBelow = command.parent?.parent !== null && command.parent?.parent !== undefined;
      return isBelow ? `${command.parent?.name()} ${command.name()}` : command.name();
    });
    const headings = [...commands.matchAll(/^###? ([a-z][a-z ]*)$/gm)].map(([, name]) => name);
    expect(unique(headings)).toEqual(unique(names));
    const options = visible.flatMap(all).flatMap((command) => command.options.map(({ long }) => long ?? ''));
    const documented = [...commands.matchAll(/(?<![\w-])--[a-z][a-z-]+/g)].map(([option]) => option);
    const ofAws = ['--role-name', '--policy-name', '--policy-document'];
    const general = ['--help', '--version', '--debug'];
    expect(unique(documented.filter((option) => !ofAws.includes(option)))).toEqual(unique([...options, ...general]));
  });

  test('has every exit code of the source, and no others', () => {
    const ofSource = [...source.matchAll(/exit(?:Code = |\()(?:[^;]*\? )?(\d+)(?: : (\d+))?/g)].flatMap(
      ([, one, other]) => [one, other],
    );
    const codes = unique([...ofSource.filter((code) => code !== undefined), `${INTERRUPTED}`, `${BROKEN_PIPE}`]);
    const documented = [...commands.matchAll(/^(?:- |\| )`(\d+)`/gm)].map(([, code]) => code);
    expect(unique(documented)).toEqual(codes);
  });

  test('has every environment variable that the source reads, and no others', () => {
    const named = [...source.matchAll(/\b(?:env|environment)\.([A-Za-z_]+)\b/g)]
      .map(([, name = '']) => name)
      .filter((name) => /^([A-Z_]+|npm_\w+)$/.test(name));
    const taken = [
      ...source.matchAll(/\{([^{}]*)\}(?: = (?:process\.env|environment)\b|: NodeJS\.ProcessEnv)/g),
    ].flatMap(([, names = '']) => [...names.matchAll(/(?<![\w':])([A-Z][A-Z_0-9]+)\b/g)].map(([, name = '']) => name));
    const others = [...source.matchAll(/\.env\('(\w+)'\)|lookup\('(\w+)'\)/g)].map(
      ([, one, other = '']) => one ?? other,
    );
    const known = [...Object.keys(ENVIRONMENT), ...SET_BY_THE_SYSTEM];
    const found = unique([...named, ...taken, ...others]);
    expect(found).toEqual(
      expect.arrayContaining(['GHOST_ADMIN_API_KEY', 'COLUMNS', 'XDG_CONFIG_HOME', 'COMPOSE_FILE']),
    );
    expect(found.filter((name) => !known.includes(name))).toEqual([]);
    expect(known.filter((name) => !new RegExp(`\\b${name}\\b`, 'i').test(source))).toEqual([]);
  });
});

describe('docs/configuration.md', () => {
  test('has the options that `npm run docs` writes', () => {
    expect(configuration).toContain('<!-- generated: options -->');
    expect(configuration).toContain('<!-- generated: variables -->');
    expect(withoutAlignment(configuration)).toBe(withoutAlignment(withOptions(configuration)));
  });

  test('has every option, and no others', () => {
    const rows = [...configuration.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name);
    expect(unique(rows)).toEqual(unique(OPTION_NAMES));
    expect(rows).toHaveLength(OPTION_NAMES.length);
  });

  test('has the defaults that the adapter uses', () => {
    const { config } = parseConfig({ bucket: 'blog-images', cdnUrl: 'https://images.example.com' });
    const values: Record<string, unknown> = { forcePathStyle: false, ...config };
    for (const { name, isRequired, default: standard } of readOptions()) {
      if (standard !== undefined && isJson(standard)) {
        expect({ name, value: values[name] }).toEqual({ name, value: JSON.parse(standard) });
      } else if (!isRequired) {
        expect({ name, value: values[name] || undefined }).toEqual({ name, value: undefined });
      }
    }
    expect(
      readOptions()
        .filter(({ isRequired }) => isRequired)
        .map(({ name }) => name),
    ).toEqual(['bucket', 'cdnUrl']);
  });

  test.each([...configuration.matchAll(/^storage__S3CloudFrontStorage__\w+=.*$/gm)].map(([line]) => line))(
    'has an example that the adapter accepts: %s',
    (line) => {
      const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
      const settings = settingsOfEnvironment({ [name]: value }) as {
        storage: { S3CloudFrontStorage: Record<string, unknown> };
      };
      // Options that work only together.
      const others = {
        bucket: 'blog-images',
        cdnUrl: 'https://images.example.com',
        ...(/kmsKeyId/.test(name) && { serverSideEncryption: 'aws:kms' }),
        ...(/accessKeyId|sessionToken/.test(name) && { secretAccessKey: 'secret' }),
        ...(/secretAccessKey|sessionToken/.test(name) && { accessKeyId: 'key' }),
      };
      expect(() => parseConfig({ ...others, ...settings.storage.S3CloudFrontStorage })).not.toThrow();
    },
  );
});
