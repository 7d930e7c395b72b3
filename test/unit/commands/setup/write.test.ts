import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Journey } from '../../../../src/commands/setup/journey';
import { writeOptions } from '../../../../src/commands/setup/write';
import { findGhostSite } from '../../../../src/ghost-site/site';
import { RecordedTerminal } from '../../../support/provisioning';

test('deletes a new access key when the configuration cannot be read just before it is written', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'write-'));
  const config = path.join(folder, 'config.production.json');
  writeFileSync(config, '{"url":"https://blog.example.com"}');
  const options = { ghost: folder, config };
  const change = jest.fn();
  const journey: Journey = {
    terminal: new RecordedTerminal(),
    site: findGhostSite(options, {}),
    options,
    cdnUrl: 'https://images.example.com',
    block: { storage: { S3CloudFrontStorage: { bucket: 'blog-images', accessKeyId: 'AKIANEW0000000000000' } } },
    change,
  };
  writeFileSync(config, '{"url":');
  const discardKey = jest.fn(() => Promise.resolve());

  await expect(writeOptions(journey, { beforeWriting: () => {}, discardKey })).rejects.toThrow(config);

  expect([discardKey.mock.calls.length, change.mock.calls.length]).toEqual([1, 0]);
  rmSync(folder, { recursive: true });
});
