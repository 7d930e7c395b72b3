import { Failure } from '../../../../../src/shell/failure';
import { certificateName } from '../../../../../src/commands/provision/certificate/name';

const LABEL = 'a'.repeat(60);

function failureOf(domain: string, wildcard: boolean): Failure {
  try {
    certificateName(domain, wildcard);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error(`A certificate may have the name of ${domain}.`);
}

describe('The name of a certificate', () => {
  test('is the domain', () => {
    expect(certificateName('images.example.com', false)).toBe('images.example.com');
    expect(certificateName('example.com', false)).toBe('example.com');
  });

  test("is the wildcard of the domain's level with --wildcard", () => {
    expect(certificateName('images.example.com', true)).toBe('*.example.com');
    expect(certificateName('images.blog.example.com', true)).toBe('*.blog.example.com');
  });

  test('is never *.com: the error recommends a subdomain', () => {
    const { message, cure } = failureOf('example.com', true);
    expect(message).toContain('*.com');
    expect(cure).toContain('images.example.com');
  });

  test('may have 64 characters and not one more', () => {
    const longest = `${'a'.repeat(52)}.example.com`;
    expect(certificateName(longest, false)).toHaveLength(64);
    expect(failureOf(`a${longest}`, false).message).toContain('64 characters');
  });

  test('that is too long is shorter with --wildcard, where that helps', () => {
    expect(failureOf(`${LABEL}.example.com`, false).cure).toContain('--wildcard for a certificate for *.example.com');
    expect(certificateName(`${LABEL}.example.com`, true)).toBe('*.example.com');
  });

  test.each([false, true])(
    'that is too long without its first label, too, needs a certificate of your own (%s)',
    (wildcard) => {
      const { cure } = failureOf(`a.${LABEL}.example.com`, wildcard);
      expect(cure).toContain('--certificate-arn');
      expect(cure).not.toContain('--wildcard');
    },
  );
});
