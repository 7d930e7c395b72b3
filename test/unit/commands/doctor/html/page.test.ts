import type { CheckReport } from '../../../../../src/commands/doctor/check';
import { type PageContent, pageOf } from '../../../../../src/commands/doctor/html/page';

const report: CheckReport = {
  group: 'Config',
  name: 'file',
  label: "Ghost's configuration can be read",
  result: 'failed',
  found: 'It cannot.',
  cure: 'Run it elsewhere.',
};

const pageWith = (content: Partial<PageContent>) =>
  pageOf({ reports: [report], images: [], versions: [['Ghost', '6.65.0']], date: new Date(0), ...content });

const policyOf = (page: string) => /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1];

test('without a CDN, the page loads nothing at all', () => {
  expect(policyOf(pageWith({}))).toContain('img-src &#39;none&#39;;');
});

test.each(["https://images.example.com;script-src'unsafe-inline'", 'https://*', 'javascript:alert(1)', 'no address'])(
  'the address %s changes nothing about what the page may load',
  (cdnUrl) => expect(policyOf(pageWith({ cdnUrl }))).toContain('img-src &#39;none&#39;;'),
);

test('images are loaded from the CDN alone, wherever their addresses lead', () => {
  const image = { isSize: false, bytes: 1, status: 200, ms: 1 };
  const page = pageWith({
    cdnUrl: 'https://images.example.com/blog',
    images: [
      { ...image, url: 'https://images.example.com/content/images/a.png' },
      { ...image, url: 'https://images.example.com.evil.example/content/images/b.png' },
      { ...image, url: 'javascript:alert(1)' },
    ],
  });
  expect(policyOf(page)).toContain('img-src https://images.example.com;');
  expect([...page.matchAll(/<img src="([^"]*)"/g)].map(([, url]) => url)).toEqual([
    'https://images.example.com/content/images/a.png',
  ]);
});

test('characters that change the direction of a text are shown as codes', () => {
  expect(pageWith({ reports: [{ ...report, found: 'gpj.\u202eexe' }] })).toContain('gpj.%E2%80%AEexe');
});

test.each([
  ['Copy the missing files: npx ghost-storage-s3-cloudfront migrate', 'npx ghost-storage-s3-cloudfront migrate'],
  ['Install it: sudo npx x install\nThen restart Ghost.', 'sudo npx x install'],
  ['Add this statement:\n{"Effect":"Allow"}', '{"Effect":"Allow"}'],
  ["Read Ghost's log: cd /var/www/ghost && ghost log", 'cd /var/www/ghost && ghost log'],
  ['Set in /srv/ghost.env:\nstorage__active="X"\nThen: docker compose up -d ghost', 'storage__active="X"'],
  ['Set "region" to "eu-west-1".', 'Set "region" to "eu-west-1".'],
])('the button for "%s" copies what can be pasted', (cure, copied) => {
  const [, attribute] = /data-copy="([^"]*)"/.exec(pageWith({ reports: [{ ...report, cure }] })) ?? [];
  expect(attribute?.replaceAll('&quot;', '"').replaceAll('&amp;', '&')).toBe(copied);
});
