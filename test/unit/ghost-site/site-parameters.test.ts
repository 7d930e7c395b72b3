import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findGhostSite } from '../../../src/ghost-site/site';
import { siteParameters } from '../../../src/ghost-site/site-parameters';

let ghost: string;
let former: string;
beforeEach(() => {
  former = process.cwd();
  ghost = realpathSync(mkdtempSync(path.join(tmpdir(), 'site-parameters-')));
  mkdirSync(path.join(ghost, 'content'));
  writeFileSync(path.join(ghost, 'config.production.json'), '{}');
});
afterEach(() => {
  process.chdir(former);
  rmSync(ghost, { recursive: true });
});

/** The options that a command prints which found Ghost by others, called in a folder. */
const parametersIn = (folder: string, options: Parameters<typeof findGhostSite>[0], environment = {}) => {
  process.chdir(folder);
  return siteParameters(findGhostSite(options, environment));
};

describe('the options of the next command name Ghost only where it would not be found', () => {
  test('nothing in its own folder', () => {
    expect(parametersIn(ghost, {})).toBe('');
    expect(parametersIn(ghost, { config: 'config.production.json', content: 'content' })).toBe('');
  });

  test('its configuration file from elsewhere', () => {
    expect(parametersIn('/', { ghost })).toBe(` --config ${ghost}/config.production.json`);
  });

  test('the file of another environment, which sudo or another shell would not know', () => {
    writeFileSync(path.join(ghost, 'config.staging.json'), '{}');
    expect(parametersIn(ghost, {}, { NODE_ENV: 'staging' })).toBe(` --config ${ghost}/config.staging.json`);
  });

  test('the folder, where there is no configuration file', () => {
    rmSync(path.join(ghost, 'config.production.json'));
    mkdirSync(path.join(ghost, 'current'));
    expect(parametersIn('/', { ghost })).toBe(` --ghost ${ghost}`);
  });

  test('the content folder as well, where the user named another one', () => {
    const content = path.join(ghost, 'other content');
    mkdirSync(content);
    const file = path.join(ghost, 'config.production.json');
    expect(parametersIn('/', { config: file, content })).toBe(
      ` --config ${file} --ghost ${ghost} --content '${content}'`,
    );
  });

  test('nothing that is not there', () => {
    process.chdir('/');
    expect(siteParameters({ configFile: path.join(ghost, 'missing.json') })).toBe('');
  });
});
