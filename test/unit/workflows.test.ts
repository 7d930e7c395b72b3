import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

// The way to the registry: what could publish another package in this project's name.

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
  env?: Record<string, string>;
}

interface Job {
  permissions?: Record<string, string>;
  env?: Record<string, string>;
  needs?: string | string[];
  steps: Step[];
}

interface Workflow {
  on: Record<string, unknown>;
  permissions?: Record<string, string>;
  env?: Record<string, string>;
  jobs: Record<string, Job>;
}

const FOLDER = path.join(__dirname, '../../.github/workflows');

const texts = new Map(
  readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => [name, readFileSync(path.join(FOLDER, name), 'utf8')]),
);
const workflows = [...texts].map(([name, text]): [string, Workflow] => [name, parse(text) as Workflow]);
const jobs = workflows.flatMap(([file, workflow]) =>
  Object.entries(workflow.jobs).map(([name, job]) => ({ name: `${file}: ${name}`, workflow, job })),
);

/** Returns what a job may do: its own permissions, or else those of the workflow. */
const permissionsOf = ({ workflow, job }: (typeof jobs)[number]) => job.permissions ?? workflow.permissions;
const canPublish = (one: (typeof jobs)[number]) =>
  permissionsOf(one)?.['id-token'] !== undefined || JSON.stringify(one.job).includes('secrets.');

test('there are workflows to read', () => {
  expect([...texts.keys()].sort()).toEqual(['ci.yml', 'publish.yml']);
});

test('every action is pinned to a commit, with its version next to it', () => {
  for (const [name, text] of texts) {
    for (const line of text.split('\n').filter((one) => /\buses:/.test(one))) {
      expect(`${name}: ${line}`).toMatch(/uses: [\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  }
});

test('one action has one commit in all workflows', () => {
  const used = jobs.flatMap(({ job }) => job.steps).flatMap(({ uses }) => uses ?? []);
  expect(used.length).toBeGreaterThan(0);
  expect(new Set(used).size).toBe(new Set(used.map((one) => one.split('@')[0])).size);
});

test('a checkout leaves no token for the code that it runs', () => {
  for (const { job } of jobs) {
    for (const step of job.steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))) {
      expect(step.with).toMatchObject({ 'persist-credentials': false });
    }
  }
});

test('a job may read the code and nothing else, and only one may publish', () => {
  expect(jobs.filter(canPublish).map(({ name }) => name)).toEqual(['publish.yml: publish']);
  for (const one of jobs) {
    expect([one.name, permissionsOf(one)]).toEqual([
      one.name,
      canPublish(one) ? { 'id-token': 'write' } : { contents: 'read' },
    ]);
  }
});

test('no secret and no rights stand outside the job that publishes', () => {
  for (const [name, { env, permissions }] of workflows) {
    expect([name, JSON.stringify([env, permissions])]).toEqual([name, expect.not.stringMatching(/secrets\.|write/)]);
  }
});

test('the job that publishes runs no code but that of npm, on the package that another job has built', () => {
  const [{ job } = { job: { steps: [] } as Job }] = jobs.filter(canPublish);
  expect(job.needs).toBe('build');
  expect(job.steps.flatMap(({ uses }) => uses?.split('@')[0] ?? [])).toEqual([
    'actions/setup-node',
    'actions/download-artifact',
  ]);
  expect(job.steps.flatMap(({ run }) => run ?? [])).toEqual([
    'npm publish ./package/*.tgz --provenance --access public --ignore-scripts',
  ]);
  expect(job.env).toBeUndefined();
});

test('what is published comes from a tag, and from no cache that a pull request could fill', () => {
  const publish = parse(texts.get('publish.yml') ?? '') as Workflow;
  expect(publish.on).toEqual({ push: { tags: ['v*'] } });
  for (const { uses, with: options } of Object.values(publish.jobs).flatMap(({ steps }) => steps)) {
    if (uses?.startsWith('actions/setup-node@')) {
      expect(options).toMatchObject({ 'package-manager-cache': false });
      expect(options).not.toHaveProperty('cache');
    }
  }
});

test('no workflow runs code of a pull request with the rights of the project', () => {
  for (const [name, { on }] of workflows) {
    expect([name, Object.keys(on)]).toEqual([
      name,
      expect.not.arrayContaining(['pull_request_target', 'workflow_run']),
    ]);
  }
});

test('no script contains text that others write, such as the name of a branch', () => {
  for (const { name, job } of jobs) {
    for (const { run = '' } of job.steps) {
      expect([name, run]).toEqual([name, expect.not.stringContaining('${{')]);
    }
  }
});
