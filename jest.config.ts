/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

// These ship ES modules only; Jest runs CommonJS, so they are compiled like our own sources.
const esModules = ['ghost-storage-base', 'content-disposition'];

const project = (name: string) => ({
  displayName: name,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  testEnvironment: 'node',
  transform: {
    '^.+\\.(ts|js)$': [
      'ts-jest',
      { tsconfig: { allowJs: true, esModuleInterop: true, module: 'CommonJS', moduleResolution: 'bundler', isolatedModules: true, target: 'ES2022' } },
    ] as [string, Record<string, unknown>],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esModules.join('|')})/)`],
});

const config: Config = {
  projects: [project('unit'), project('integration'), project('e2e')],
  collectCoverageFrom: ['src/**/*.ts'],
  coverageDirectory: 'coverage',
  coverageReporters: ['text', 'lcov'],
};

export default config;
