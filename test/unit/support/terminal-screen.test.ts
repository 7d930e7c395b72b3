import { drawTerminal } from '../../../scripts/pictures/terminal/draw';
import { filmOf } from '../../../scripts/pictures/terminal/frames';
import { TerminalScreen } from '../../support/terminal-screen';

const GREEN = '\x1b[32m';
const PLAIN = '\x1b[39m';

describe('the screen of a terminal', () => {
  test.each([
    ['text and line ends', 'one\r\ntwo', ['one', 'two']],
    ['a line that is written again', '⠋ copying\r\x1b[K✔ copied', ['✔ copied']],
    ['lines that are cleared from further up', 'a\r\nb\r\nc\x1b[1A\x1b[G\x1b[J', ['a', '']],
    ['the rest of a line', 'abc\x1b[2D\x1b[K', ['a']],
    ['tabs', 'a\tb', ['a       b']],
    ['a sequence that it does not know', 'a\x1b[?2004hb', ['ab']],
    ['a long line', 'abcdefghijklmnop', ['abcdefghijkl', 'mnop']],
  ])('shows %s', (_, output, lines) => {
    const screen = new TerminalScreen(12);
    screen.write(output);
    expect(screen.lines()).toEqual(lines);
  });

  test('keeps colors and attributes until they end, also when a sequence comes in pieces', () => {
    const screen = new TerminalScreen();
    for (const piece of [`${GREEN}\x1b[1mab`, '\x1b', '[2', `2mc${PLAIN}d`, `\x1b[31;2me\x1b[0mf`]) screen.write(piece);
    expect(screen.rows[0]?.map(({ character, style }) => `${character} ${style}`.trim())).toEqual([
      'a green bold',
      'b green bold',
      'c green',
      'd',
      'e red dim',
      'f',
    ]);
  });
});

describe('the film of a terminal', () => {
  const look = { columns: 40, rows: 2 };

  test('shows each text as long as it was there, cuts waits, and scrolls', () => {
    const outputs = [
      { at: 0, text: 'first\r\n' },
      { at: 60_000, text: 'second\r\n' },
      { at: 60_500, text: 'third' },
      { at: 61_000, text: '\r\x1b[Klast' },
    ];
    const { runs, scrolls, length } = filmOf(outputs, look);
    expect(runs.map(({ text, row, from, to }) => [text, row, from, to])).toEqual([
      ['first', 0, 0, undefined],
      ['second', 1, 1_600, undefined],
      ['third', 2, 2_100, 2_600],
      ['last', 2, 2_600, undefined],
    ]);
    expect([scrolls, length]).toEqual([[{ at: 2_100, lines: 1 }], 2_600]);
  });

  test('plays a long bar faster', () => {
    const bar = Array.from({ length: 101 }, (_, index) => ({ at: index * 200, text: `\r${index} of 100 done` }));
    const { runs, length } = filmOf(bar, look);
    expect(length).toBe(2_000);
    expect(runs.length).toBeLessThan(40);
    expect([runs.at(-1)?.text, runs.at(-1)?.to]).toEqual(['100 of 100 done', undefined]);
  });

  test('is drawn so that the last frame stays, and where nothing moves, only that one is visible', () => {
    const svg = drawTerminal(
      [
        { at: 0, text: '$ a <b> & c\r\n' },
        { at: 100, text: '⠋ wait' },
        { at: 300, text: `\r\x1b[K${GREEN}✔${PLAIN} done` },
      ],
      { ...look, title: 'A & B' },
    );
    expect(svg).toContain('<title id="title">A &amp; B</title>');
    expect(svg).toMatch(/<g><text [^>]*>\$ a &lt;b&gt; &amp; c<\/text><\/g>/);
    expect(svg).toMatch(/<g class="for" style="animation-delay:100ms;animation-duration:200ms"><text [^>]*>⠋ wait</);
    expect(svg).toMatch(/<g class="end" style="animation-delay:300ms"><text [^>]*class="green">✔<\/text>.*>done</);
    expect(svg).toMatch(/\.for \{ visibility: hidden;/);
  });
});
