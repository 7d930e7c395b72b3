import eslint from '@eslint/js';
import prettier from 'eslint-config-prettier';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const COMMANDS = ['provision', 'install', 'migrate', 'doctor', 'policy', 'upload', 'warm'];

/**
 * A folder of src and those that it may import, besides itself.
 *
 * @param {string} folder
 * @param {string[]} allowed folders
 * @param {string} message where the thing belongs instead
 */
const room = (folder, allowed, message) => ({
  target: `./src/${folder}`,
  from: './src',
  except: [folder, ...allowed].map((name) => `./${name}`),
  message,
});

/** Who may import whom. An import that is refused means that something is in the wrong folder. */
const rooms = [
  room('core', [], 'core imports only core. What it needs from here belongs in core.'),
  room('adapter', ['core'], 'The adapter imports only core. What it shares with a command belongs in core.'),
  room('shell', [], 'shell imports nothing of ours. What knows Ghost belongs in ghost-site, what knows S3 in core.'),
  room(
    'ghost-site',
    ['core', 'shell'],
    'ghost-site imports only core and shell. What a command does belongs in its folder.',
  ),
  room('template', ['shell'], 'template imports only shell. What deploys it belongs in commands/provision.'),
  room(
    'aws',
    ['core', 'shell'],
    'aws imports only core and shell. What a command does in the account belongs in its folder.',
  ),
  ...COMMANDS.map((name) =>
    room(
      `commands/${name}`,
      ['core', 'shell', 'ghost-site', 'template', 'aws'],
      'A command never imports another one, nor the adapter. What two commands share belongs in core, shell, ghost-site, template or aws.',
    ),
  ),
  room(
    'commands/setup',
    ['core', 'shell', 'ghost-site', 'template', 'aws', 'commands'],
    'setup imports the other commands, but not the adapter.',
  ),
  {
    target: './bench/support',
    from: './bench',
    except: ['./support'],
    message: 'bench/support imports no benchmark. What a benchmark and its support share belongs in bench/support.',
  },
];

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', '.cache/', '.demo/', '.programs-*/'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      // What lies in src/core/lazy is loaded on first use, and Ghost calls some methods synchronously. So is the parser
      // of src/template, which what is built does not need.
      '@typescript-eslint/no-require-imports': ['error', { allow: ['^\\./lazy/', '^\\./parse$', '^node:'] }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  {
    files: ['src/**/*.ts', 'bench/**/*.ts'],
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.mjs'] })] },
    rules: {
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones: rooms }],
      'import-x/no-cycle': 'error',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Recorded requests and JSON answers of servers are looked into freely; the assertions are the types.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
    },
  },
  prettier,
);
