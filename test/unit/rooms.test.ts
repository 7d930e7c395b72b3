import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'jsonc-parser';

const root = path.resolve(__dirname, '../..');

/** A file of each room, an import that it must not have, and where the lint says that the imported thing belongs. */
const WRONG_IMPORTS: [file: string, wrongImport: string, advice: string][] = [
  ['src/core/config.ts', "import '../adapter/adapter';", 'core imports only core.'],
  ['src/core/s3/client.ts', "import '../../shell/failure';", 'core imports only core.'],
  ['src/adapter/serve.ts', "import '../shell/failure';", 'The adapter imports only core.'],
  ['src/shell/terminal.ts', "import '../ghost-site/site';", 'shell imports nothing of ours.'],
  ['src/ghost-site/site.ts', "import '../commands/program';", 'ghost-site imports only core and shell.'],
  ['src/template/render.ts', "import '../core/config';", 'template imports only shell.'],
  ['src/aws/sign-in.ts', "import '../template/render';", 'aws imports only core and shell.'],
  ['src/commands/provision/plan.ts', "import '../install/command';", 'A command never imports another one'],
  ['src/commands/install/command.ts', "import '../../adapter/adapter';", 'A command never imports another one'],
  ['src/commands/migrate/command.ts', "import '../doctor/command';", 'A command never imports another one'],
  ['src/commands/doctor/command.ts', "void import('../provision/command');", 'A command never imports another one'],
  ['src/commands/policy/command.ts', "require('../provision/command');", 'A command never imports another one'],
  ['src/commands/setup/command.ts', "import '../../adapter/adapter';", 'setup imports the other commands'],
  ['bench/support/files.ts', "import '../save';", 'bench/support imports no benchmark.'],
];

/**
 * Lints files of these texts in a folder of their own, with the rules of this repository.
 *
 * @returns for each text, in order, what the lint says of the room rule
 */
function adviceOn(texts: { file: string; text: string }[]): string[][] {
  const folder = mkdtempSync(path.join(tmpdir(), 'rooms-'));
  try {
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
    // What needs types is left out: here the imported files are empty.
    const rules = parse(readFileSync(path.join(root, '.oxlintrc.json'), 'utf8')) as { options?: object };
    delete rules.options;
    writeFileSync(path.join(folder, '.oxlintrc.json'), JSON.stringify(rules));
    const write = (file: string, text: string) => {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      writeFileSync(path.join(folder, file), text);
    };
    for (const room of ['src', 'bench']) mkdirSync(path.join(folder, room));
    for (const { file, text } of texts) {
      const [, imported = ''] = /'(.*)'/.exec(text) ?? [];
      write(`${path.join(path.dirname(file), imported)}.ts`, '');
    }
    for (const { file, text } of texts) write(file, text);
    const oxlint = path.join(root, 'node_modules/oxlint/bin/oxlint');
    const parameters = [oxlint, '--format', 'json', 'src', 'bench'];
    const { stdout } = spawnSync(process.execPath, parameters, { cwd: folder, encoding: 'utf8' });
    const { diagnostics } = JSON.parse(stdout) as {
      diagnostics: { code: string; message: string; filename: string }[];
    };
    const ofRooms = diagnostics.filter(({ code }) => code === 'rooms(no-restricted-paths)');
    return texts.map(({ file }) => ofRooms.filter(({ filename }) => filename === file).map(({ message }) => message));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('an import from a room above fails the lint, which says where the thing belongs', () => {
  const advice = adviceOn(WRONG_IMPORTS.map(([file, text]) => ({ file, text })));
  WRONG_IMPORTS.forEach(([file, , expected], index) => {
    expect({ file, advice: advice[index] }).toEqual({ file, advice: [expect.stringContaining(expected)] });
  });
});

test('an import from a room below passes', () => {
  const texts = [
    { file: 'src/adapter/serve.ts', text: "import '../core/config';" },
    { file: 'src/ghost-site/site.ts', text: "import '../shell/failure';" },
    { file: 'src/commands/provision/plan.ts', text: "import '../../template/render';" },
    { file: 'src/commands/setup/run.ts', text: "import '../provision/provision';" },
  ];
  expect(adviceOn(texts)).toEqual([[], [], [], []]);
});
