import { readFileSync } from 'node:fs';
import path from 'node:path';
import { partition } from '@aws-sdk/core/client';
import { checkRegion } from '../../../src/aws/region';

/** All regions that the SDK knows. */
function regionsOfSdk(): string[] {
  const folder = path.dirname(require.resolve('@aws-sdk/core/package.json'));
  const file = path.join(folder, 'dist-es/submodules/client/util-endpoints/lib/aws/partitions.js');
  return [...readFileSync(file, 'utf8').matchAll(/"([a-z]{2,4}(?:-[a-z]+)+-\d)": \{/g)].map(
    ([, region = '']) => region,
  );
}

test('all commercial regions of AWS are accepted, and those of no other partition', () => {
  const regions = regionsOfSdk();
  expect(regions.length).toBeGreaterThan(40);
  const isAccepted = (region: string) => {
    try {
      checkRegion(region, '--region');
      return true;
    } catch {
      return false;
    }
  };
  expect(regions.filter(isAccepted)).toEqual(regions.filter((region) => partition(region).name === 'aws'));
});

test.each(['cn-north-1', 'us-gov-west-1', 'eusc-de-east-1', 'us-isob-east-1', 'eu-isoe-west-1'])(
  'a region of another partition is named as one: %s',
  (region) => {
    expect(() => checkRegion(region, '--region')).toThrow(
      `--region is "${region}", which is not a commercial AWS region.`,
    );
  },
);
