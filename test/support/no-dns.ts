/** Takes the place of Node's resolver on a network where no name has a record: `jest.mock('node:dns/promises', …)`. */
export class Resolver {
  resolveNs = noRecord;
  resolveCaa = noRecord;
  resolveSoa = noRecord;
  resolveCname = noRecord;
  resolve4 = noRecord;
  resolve6 = noRecord;
  reverse = noRecord;
}

function noRecord(): Promise<never> {
  return Promise.reject(Object.assign(new Error('ENOTFOUND'), { code: 'ENOTFOUND' }));
}
