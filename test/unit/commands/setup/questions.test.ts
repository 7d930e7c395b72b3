import { ask, type Proposals } from '../../../../src/commands/setup/questions';
import type { Answers } from '../../../../src/commands/setup/saved-answers';
import type { Terminal } from '../../../../src/shell/terminal';

const PROPOSED: Proposals = { domain: 'images.example.com', region: 'eu-central-1', profiles: ['default', 'work'] };
const SILENT = { canChoose: false } as Terminal;

/** A user who presses Enter at each question. */
function enter() {
  const asked: [string, string | undefined][] = [];
  const terminal = {
    canChoose: true,
    input: (question: string, { default: proposed = '' }: { default?: string }) => {
      asked.push([question, proposed]);
      return Promise.resolve(proposed);
    },
  } as unknown as Terminal;
  return { terminal, asked };
}

let former: string | undefined;
beforeEach(() => {
  former = process.env.AWS_PROFILE;
  delete process.env.AWS_PROFILE;
});
afterEach(() => {
  if (former !== undefined) process.env.AWS_PROFILE = former;
});

describe('ask', () => {
  test('proposes the answers of an earlier run', async () => {
    const { terminal, asked } = enter();
    const earlier: Answers = { domain: 'cdn.example.com', region: 'eu-west-1', profile: 'work' };
    expect(await ask(terminal, {}, earlier, PROPOSED)).toEqual(earlier);
    expect(asked.map(([, proposed]) => proposed)).toEqual(['cdn.example.com', 'eu-west-1', 'work']);
  });

  test('refuses a wrong --domain before it asks for anything', async () => {
    const { terminal, asked } = enter();
    await expect(ask(terminal, { domain: 'localhost' }, {}, PROPOSED)).rejects.toThrow('--domain is "localhost"');
    expect(asked).toEqual([]);
  });

  test('names every missing option without a terminal, and with --yes', async () => {
    const none = { profiles: [] };
    await expect(ask(SILENT, {}, {}, none)).rejects.toMatchObject({
      cure: 'Add --domain images.example.com and --region eu-central-1 and --yes.',
    });
    await expect(ask(SILENT, { yes: true }, {}, PROPOSED)).rejects.toMatchObject({
      cure: 'Add --domain images.example.com.',
    });
    await expect(ask(SILENT, { domain: 'images.example.com' }, {}, PROPOSED)).rejects.toMatchObject({
      cure: 'Add --yes.',
    });
  });

  test('continues unattended in the region and with the profile of an earlier run for the same domain', async () => {
    const earlier: Answers = { domain: 'images.example.com', region: 'eu-west-1', profile: 'work' };
    const options = { yes: true, domain: 'images.example.com' };
    expect(await ask(SILENT, options, earlier, PROPOSED)).toEqual(earlier);
    expect(await ask(SILENT, { ...options, domain: 'cdn.example.com' }, earlier, PROPOSED)).toEqual({
      domain: 'cdn.example.com',
      region: 'eu-central-1',
      profile: undefined,
    });
  });
});
