/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

// These ship ES modules only; Jest runs CommonJS, so they are compiled like our own sources.
const esModules = [
  'ghost-storage-base',
  'content-disposition',
  'yocto-spinner',
  'yoctocolors',
  'p-limit',
  'yocto-queue',
];

// The SDK announces with every process that its versions of 2027 need a newer Node.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const compilerOptions = {
  allowJs: true,
  esModuleInterop: true,
  isolatedModules: true,
  module: 'CommonJS',
  moduleResolution: 'bundler',
  rootDir: '.',
  target: 'ES2022',
};

// On another S3 than the one in memory, only what is S3's is worth a run: `*.s3.test.ts`.
const filesOf = (name: string) =>
  name === 'integration' && process.env.S3_TEST_ENDPOINT ? '*.s3.test.ts' : '*.test.ts';

const project = (name: string) => ({
  displayName: name,
  // Not the caches, which hold whole Ghosts.
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: [`<rootDir>/test/${name}/**/${filesOf(name)}`],
  // The guide's scripts are run by bash: what Windows calls so may be anything.
  testPathIgnorePatterns: process.platform === 'win32' ? ['unit.guide.test.ts$'] : [],
  testEnvironment: '<rootDir>/test/support/node-environment.ts',
  // The one global that the environment shares with all files, Error, must outlive each of them.
  testEnvironmentOptions: { globalsCleanup: 'off' },
  transform: { '^.+\\.(ts|js)$': ['ts-jest', { tsconfig: compilerOptions }] as [string, Record<string, unknown>] },
  transformIgnorePatterns: [`/node_modules/(?!(${esModules.join('|')})/)`],
});

const config: Config = {
  projects: [project('unit'), project('integration'), project('e2e')],
  // Most tests wait for servers most of the time: on a machine with two cores, one worker would leave one idle.
  maxWorkers: '100%',
  // What a test leaves of a connection that it cut off itself can keep Node from ever coming to its end: on Node 20 such a
  // request is waited for in vain.
  forceExit: true,
  // Whole servers are started and stopped in tests, on machines that do other things besides.
  testTimeout: 30_000,
  collectCoverageFrom: ['src/**/*.ts'],
  coverageDirectory: 'coverage',
  coverageReporters: ['text', 'lcov'],
  coverageThreshold: { global: { lines: 95 } },
};

export default config;
