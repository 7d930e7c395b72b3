import { dollars, estimateMonthlyCost } from '../../../src/aws/costs';

test('files cost their storage each month, and their upload once', () => {
  const { monthly, once } = estimateMonthlyCost({ files: 3_412, bytes: 2.6 * 2 ** 30 });
  expect([dollars(monthly), dollars(once)]).toEqual(['$0.06', '$0.02']);
  expect(estimateMonthlyCost({ files: 0, bytes: 0 })).toEqual({ monthly: 0, once: 0 });
});

test.each([
  [0, 'less than $0.01'],
  [0.0049, 'less than $0.01'],
  [0.005, '$0.01'],
  [12.345, '$12.35'],
])('an amount is shown in whole cents: %d → %s', (amount, shown) => {
  expect(dollars(amount)).toBe(shown);
});
