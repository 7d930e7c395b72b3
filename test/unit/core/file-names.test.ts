import { sanitizeFileName, splitFileName } from '../../../src/core/file-names';

const mojibake = (name: string) => Buffer.from(name, 'utf8').toString('latin1');

describe('names of uploads', () => {
  test.each([
    ['photo.jpg', 'photo.jpg'],
    ['IMG_1234@2x.PNG', 'IMG_1234@2x.PNG'],
    ['my photo (1).jpg', 'my-photo--1-.jpg'],
    ['Überraschung groß.jpg', 'Uberraschung-gross.jpg'],
    ['ñandú.png', 'nandu.png'],
    ['привет мир.png', 'privet-mir.png'],
    ['Ελλάδα.png', 'Ellada.png'],
    ['北京.png', 'Bei-Jing.png'],
    ['e\u0301te\u0301.jpg', 'ete.jpg'],
    ['a/b\\c.jpg', 'a-b-c.jpg'],
    ['a\0b\nc.jpg', 'a-b-c.jpg'],
    ['it\'s <b>&"quoted".jpg', 'it-s--b---quoted-.jpg'],
  ])('%j is stored as %s', (given, stored) => {
    expect(sanitizeFileName(given)).toBe(stored);
  });

  test.each(['Überraschung.jpg', '北京.png', 'émoji 🎉.png'])('%s arrives as mojibake and is repaired', (name) => {
    expect(sanitizeFileName(mojibake(name))).toBe(sanitizeFileName(name));
    expect(sanitizeFileName(name)).not.toContain('A-');
  });

  test('a Latin-1 name without mojibake stays as it is', () => {
    expect(sanitizeFileName('caf\u00e9.jpg')).toBe('cafe.jpg');
  });

  test('what has no spelling becomes dashes, and never nothing', () => {
    expect(sanitizeFileName('🎉.png')).toMatch(/^-+\.png$/);
    expect(sanitizeFileName('***')).toBe('---');
  });

  test.each(['Überraschung groß.jpg', '北京 🎉.png', 'x_o.jpg', 'a.b.c', '-.-'])(
    '%s keeps its stored name when it comes back',
    (name) => {
      const once = sanitizeFileName(name);
      expect(sanitizeFileName(once)).toBe(once);
      const { stem, extension } = splitFileName(once);
      expect(splitFileName(`${stem}${extension}`)).toEqual({ stem, extension });
    },
  );

  test.each([
    ['photo.jpg', 'photo', '.jpg'],
    ['archive.tar.gz', 'archive.tar', '.gz'],
    ['no-extension', 'no-extension', ''],
    ['version-1.342', 'version-1.342', ''],
    ['clip.mp4', 'clip', '.mp4'],
    ['trailing.', 'trailing.', ''],
    ['.htaccess', '-htaccess', ''],
    ['..', '--', ''],
    ['...jpg', '---jpg', ''],
    ['../../etc/passwd', 'passwd', ''],
    ['/absolute/x.jpg', 'x', '.jpg'],
    ['..\\..\\x.jpg', '---..-x', '.jpg'],
    ['x.jpg\0.html', 'x.jpg-', '.html'],
    ['x.j pg', 'x', '.j-pg'],
  ])('%j has the stem %j and the extension %j', (name, stem, extension) => {
    expect(splitFileName(name)).toEqual({ stem, extension });
  });

  test.each([
    `${'很'.repeat(71)}.jpg`,
    `${'a'.repeat(3000)}.jpg`,
    `${'ß'.repeat(200)}.jpeg`,
    `x.${'e'.repeat(3000)}`,
    'a'.repeat(3000),
    `${'a'.repeat(239)}.jpg`,
  ])('a long name (%#) is cut, keeps its extension, and is not cut again', (name) => {
    const { stem, extension } = splitFileName(name);
    const stored = `${stem}${extension}`;
    expect(stored.length).toBeLessThanOrEqual(240);
    expect(extension).toBe(/\.jpe?g$/.exec(name)?.[0] ?? (name.startsWith('x.') ? `.${'e'.repeat(31)}` : ''));
    expect(splitFileName(stored)).toEqual({ stem, extension });
    // Ghost looks for the original under this very name.
    expect(splitFileName(`${stem}_o${extension}`)).toEqual({ stem: `${stem}_o`, extension });
    expect(`${sanitizeFileName(name)}-${'0'.repeat(36)}.jpeg`.length).toBeLessThanOrEqual(255);
  });

  test.each(['', '  ', '/', '\u0301', undefined, null, 7])('an upload without a name (%p) is refused', (name) => {
    expect(() => splitFileName(name as string)).toThrow(
      expect.objectContaining({ errorType: 'IncorrectUsageError', code: 'STORAGE_FILE_NAME_MISSING' }),
    );
  });
});
