import { createColors } from 'picocolors';
import { type PlannedStep, stepLines } from '../../../../src/commands/provision/plan';

test('the signs of a plan are explained only where they differ', () => {
  const created: PlannedStep = { sign: '+', what: 'DNS', words: 'a record' };
  const removed: PlannedStep = { sign: '-', what: 'Ghost', words: 'no longer asked' };
  expect(stepLines([created, created], createColors(false))).toEqual(['  + DNS  a record', '  + DNS  a record']);
  expect(stepLines([created, removed], createColors(false))).toEqual([
    '  + DNS    a record',
    '  - Ghost  no longer asked',
    '',
    '  + created, - removed',
  ]);
});
