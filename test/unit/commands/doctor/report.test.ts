import { reporterFor } from '../../../../src/commands/doctor/report';
import type { Spinner, Terminal } from '../../../../src/shell/terminal';

test('the spinner stops after an abort, since it would keep the process alive', () => {
  const spinner = { progress: jest.fn(), stop: jest.fn() } satisfies Spinner;
  const abort = new AbortController();
  const reporter = reporterFor({ signal: abort.signal, spin: () => spinner } as unknown as Terminal);
  reporter.started({ group: 'CDN', name: 'DNS', label: 'the image domain is in DNS', run: jest.fn() });
  expect(spinner.stop).not.toHaveBeenCalled();
  abort.abort();
  expect(spinner.stop).toHaveBeenCalledTimes(1);
});
