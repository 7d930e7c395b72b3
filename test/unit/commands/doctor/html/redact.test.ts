import { redactFor } from '../../../../../src/commands/doctor/html/redact';
import type { DoctorContext } from '../../../../../src/commands/doctor/context';

describe('what is shown', () => {
  test('has no secret of the options, also where these are not valid', () => {
    const block = {
      bucket: 7,
      accessKeyId: 'MINIOGHOST',
      secretAccessKey: 'secret/of+ghost',
      cdnFallbackSecret: 'a-first-secret, a-second-secret',
    };
    const ghostConfig = { storage: { active: 'S3CloudFrontStorage', S3CloudFrontStorage: block } };
    const redact = redactFor({ ghostConfig } as unknown as DoctorContext);
    expect(redact('MINIOGHOST secret/of+ghost a-second-secret')).toBe('… … …');
  });

  test.each([
    ['"url" is "https://admin:SeCret/One@blog.example.com"', '"url" is "https://blog.example.com"'],
    ['https://admin:p@ss@blog.example.com/x, and more', 'https://blog.example.com/x, and more'],
    [
      'to (https://user@blog.example.com/) and https://cdn.example.com/@name/x',
      'to (https://blog.example.com/) and https://cdn.example.com/@name/x',
    ],
  ])('has no user name and password of a URL: %s', (text, shown) => {
    expect(redactFor({ ghostConfig: {} } as unknown as DoctorContext)(text)).toBe(shown);
  });
});
