import { execFileSync } from 'node:child_process';
import path from 'node:path';

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

/** @returns for each text, in order, what the lint says of the room rule when the text is the named file's */
function adviceOn(texts: { file: string; text: string }[]): string[][] {
  const script = `
    const { ESLint } = require('eslint');
    (async () => {
      const eslint = new ESLint({
        // The other rules need the types of the whole project, which takes minutes.
        ruleFilter: ({ ruleId }) => ruleId === 'import-x/no-restricted-paths',
        overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
      });
      const advice = [];
      for (const { file, text } of JSON.parse(process.argv[1])) {
        const [{ messages }] = await eslint.lintText(text, { filePath: file });
        advice.push(messages.map(({ message }) => message));
      }
      console.log(JSON.stringify(advice));
    })();`;
  const output = execFileSync(process.execPath, ['-e', script, JSON.stringify(texts)], { cwd: root, encoding: 'utf8' });
  return JSON.parse(output) as string[][];
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
