/** @jest-config-loader esbuild-register */
import { availableParallelism } from 'node:os';
import type { Config } from 'jest';

// These packages contain ES modules only; Jest runs CommonJS, so they are compiled like our own sources.
const esModules = [
  'ghost-storage-base',
  'content-disposition',
  'yocto-spinner',
  'yoctocolors',
  'p-limit',
  'yocto-queue',
  'srcset',
  'htmlparser2',
  'domhandler',
  'domutils',
  'dom-serializer',
  'domelementtype',
  'entities',
];

// Otherwise every process that loads the SDK warns that its versions of 2027 need a newer Node.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
// A test that runs on an EC2 instance is not a Ghost on EC2.
process.env.AWS_EC2_METADATA_DISABLED = 'true';

const compilerOptions = {
  allowJs: true,
  esModuleInterop: true,
  isolatedModules: true,
  module: 'CommonJS',
  moduleResolution: 'bundler',
  rootDir: '.',
  target: 'ES2022',
};

// On an S3 other than the in-memory one, only the tests of S3's behavior are worth a run: `*.s3.test.ts`.
const filesOf = (name: string) =>
  name === 'integration' && process.env.S3_TEST_ENDPOINT ? '*.s3.test.ts' : '*.test.ts';

const project = (name: string) => ({
  displayName: name,
  // Leaves out the caches, which contain whole Ghosts.
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: [`<rootDir>/test/${name}/**/${filesOf(name)}`],
  // The scripts of docs/aws-by-hand.md need bash, and on Windows a program of that name may be anything.
  testPathIgnorePatterns: process.platform === 'win32' ? ['unit.(by-hand|provision-script).test.ts$'] : [],
  testEnvironment: '<rootDir>/test/support/node-environment.ts',
  // All test files share the global Error, so it must survive the end of each file.
  testEnvironmentOptions: { globalsCleanup: 'off' },
  transform: { '^.+\\.(ts|js)$': ['ts-jest', { tsconfig: compilerOptions }] as [string, Record<string, unknown>] },
  transformIgnorePatterns: [`/node_modules/(?!(${esModules.join('|')})/)`],
});

const config: Config = {
  projects: [project('unit'), project('integration'), project('e2e')],
  // Tests wait for servers and programs of their own, during which another worker can use the core.
  maxWorkers: Math.ceil(availableParallelism() * 1.5),
  // Test files leave memory behind in their worker, in which all that follow look for garbage.
  workerIdleMemoryLimit: '900MB',
  // Tests start and stop whole servers, on machines that are busy with other work too: only one that hangs takes so long.
  testTimeout: 600_000,
  // Tests run `setup` and the entry points as programs of their own, in which Jest does not count lines.
  collectCoverageFrom: ['src/**/*.ts', '!src/{cli,index}.ts', '!src/commands/setup/**'],
  coverageDirectory: 'coverage',
  coverageReporters: ['text', 'lcov'],
  coverageThreshold: { global: { lines: 95 } },
};

export default config;
