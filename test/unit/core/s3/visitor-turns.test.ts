import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { askInTurn } from '../../../../src/core/s3/visitor-turns';

jest.useFakeTimers({ doNotFake: ['setImmediate'] });

/** Lets visitors ask, none of whom is answered before the test does it. */
function visitors(count: number) {
  const answers: (() => void)[] = [];
  const abort = Array.from({ length: count }, () => new AbortController());
  const all = abort.map(({ signal }) =>
    askInTurn(signal, () => new Promise<void>((resolve) => answers.push(resolve))).catch((error: Error) => error.name),
  );
  return { answers, abort, all };
}

test('50 visitors wait for S3 at a time, and each answer lets the next one ask', async () => {
  const { answers, all } = visitors(60);
  await turnOfTheLoop();
  expect(answers).toHaveLength(50);
  answers[0]?.();
  await turnOfTheLoop();
  expect(answers).toHaveLength(51);
  for (let answered = 0; answered < 60; answered += 1) {
    answers[answered]?.();
    await turnOfTheLoop();
  }
  await Promise.all(all);
  expect(jest.getTimerCount()).toBe(0);
});

test('visitors who get no answer hold up the others for a quarter of a second only', async () => {
  const silent = visitors(50);
  const next = visitors(50);
  await turnOfTheLoop();
  expect(next.answers).toHaveLength(0);
  await jest.advanceTimersByTimeAsync(250);
  await turnOfTheLoop();
  expect(next.answers).toHaveLength(50);
  [...silent.answers, ...next.answers].forEach((answer) => answer());
  await Promise.all([...silent.all, ...next.all]);
  const after = visitors(51);
  await turnOfTheLoop();
  expect(after.answers).toHaveLength(50);
  after.answers.forEach((answer) => answer());
  await turnOfTheLoop();
  after.answers.forEach((answer) => answer());
  await Promise.all(after.all);
});

test('nothing is requested for a visitor who leaves before the turn comes', async () => {
  const { answers, abort, all } = visitors(51);
  await turnOfTheLoop();
  abort[50]?.abort();
  answers.forEach((answer) => answer());
  expect(await all[50]).toBe('AbortError');
  expect(answers).toHaveLength(50);
});
