import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { askForRestart, restartOf } from '../../../../src/commands/setup/restart';
import { findGhostSite } from '../../../../src/ghost-site/site';
import { RecordedTerminal } from '../../../support/provisioning';

test('setup does not start a container without the values that the user gives Docker Compose, and names them', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'setup-restart-'));
  const environment = '{database__connection__password: "${DB_PASSWORD}"}';
  const service = `ghost: {image: "ghost:6", environment: ${environment}}`;
  writeFileSync(path.join(folder, 'compose.yml'), `services:\n  ${service}\n`);
  const site = findGhostSite({ ghost: folder }, {});
  const terminal = new RecordedTerminal();

  expect(restartOf(site, {})).toBeUndefined();
  askForRestart(terminal, site);
  expect(terminal.text).toMatch(/DB_PASSWORD in .*compose\.yml or its env files would be empty/);
  expect(terminal.text).toContain("--restart 'docker compose --env-file FILE up -d --force-recreate ghost'");
  expect(restartOf(site, { restart: 'make up' })?.text).toBe('make up');
  rmSync(folder, { recursive: true });
});
