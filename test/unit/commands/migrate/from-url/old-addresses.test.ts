import { addressesIn } from '../../../../../src/commands/migrate/from-url/old-addresses';

const OLD = 'https://old.example.com/blog';

test.each([
  ['in a field of its own', `${OLD}/2020/01/a.jpg`, [`${OLD}/2020/01/a.jpg`]],
  ['in HTML', `<img src="${OLD}/a.jpg"><a href='${OLD}/b.pdf'>`, [`${OLD}/a.jpg`, `${OLD}/b.pdf`]],
  ['in a srcset', `srcset="${OLD}/a.jpg 300w, ${OLD}/b.jpg 600w"`, [`${OLD}/a.jpg`, `${OLD}/b.jpg`]],
  ['in JSON with HTML in it', JSON.stringify({ html: `<img src="${OLD}/a.jpg">` }), [`${OLD}/a.jpg`]],
  ['in Markdown', `![](${OLD}/a.jpg) and more`, [`${OLD}/a.jpg`]],
  ['between encoded quotes', `data="&quot;${OLD}/a.jpg&quot;"`, [`${OLD}/a.jpg`]],
  ['with http', 'http://old.example.com/blog/a.jpg', ['http://old.example.com/blog/a.jpg']],
  ['without a protocol', '<img src="//old.example.com/blog/a.jpg">', ['//old.example.com/blog/a.jpg']],
  ['in capitals', 'HTTP://Old.Example.COM/blog/a.jpg', ['HTTP://Old.Example.COM/blog/a.jpg']],
  ['with its port', 'https://old.example.com:443/blog/a.jpg', ['https://old.example.com:443/blog/a.jpg']],
  [
    'with escaped slashes',
    String.raw`"https:\/\/old.example.com\/blog\/a.jpg"`,
    [String.raw`https:\/\/old.example.com\/blog\/a.jpg`],
  ],
  ['encoded', 'x?url=https%3A%2F%2Fold.example.com%2Fblog%2Fa.jpg', ['https%3A%2F%2Fold.example.com%2Fblog%2Fa.jpg']],
  ['encoded in parts', 'x?url=https%3A//old.example.com/blog/a.jpg', ['https%3A//old.example.com/blog/a.jpg']],
  [
    'as entities',
    'https:&#x2F;&#x2F;old.example.com&#47;blog&#47;a.jpg',
    ['https:&#x2F;&#x2F;old.example.com&#47;blog&#47;a.jpg'],
  ],
  ['at an image proxy', 'https://i0.wp.com/old.example.com/blog/a.jpg', ['old.example.com/blog/a.jpg']],
  [
    'in a srcset without protocols',
    '//old.example.com/blog/a.jpg 1x,//old.example.com/blog/b.jpg 2x',
    ['//old.example.com/blog/a.jpg', '//old.example.com/blog/b.jpg'],
  ],
  ['with a query', `${OLD}/a.jpg?v=1&w=2`, [`${OLD}/a.jpg?v=1&w=2`]],
])('an address is found %s', (_where, text, addresses) => {
  expect(addressesIn(text, OLD)).toEqual(addresses);
});

test.each([
  ['https://old.example.com/blogs/a.jpg'],
  ['https://oldXexample.com/blog/a.jpg'],
  ['https://other.example.com/blog/a.jpg'],
  ['https://www.old.example.com/blog/a.jpg'],
  ['//old.example.com.evil/blog/a.jpg'],
  ['ftp://old.example.com/blog/a.jpg'],
  ['https://old.example.com:8443/blog/a.jpg'],
  ['old.example.com/blog is our old address'],
  [undefined],
  [null],
])('%s is none', (text) => {
  expect(addressesIn(text, OLD)).toEqual([]);
});

test.each([
  ['https://xn--bcher-kva.example', 'https://bücher.example/a.jpg'],
  ['https://bücher.example', '//xn--bcher-kva.example/a.jpg'],
  ['http://localhost:2368', 'https://localhost:2368/a.jpg'],
  ['https://old.example.com/my%20blog', 'http://old.example.com/my blog/a.jpg'.replace(' ', '%20')],
])('below %s, %s is found', (oldUrl, address) => {
  expect(addressesIn(`<img src="${address}">`, oldUrl)).toEqual([address]);
});

test('no text takes long to read', () => {
  const startedAt = process.cpuUsage();
  for (const piece of ['\\', '%25', '/', '&#0', 'https://old.example.com/', '//old.example.com:', '&quot;', ',//']) {
    addressesIn(piece.repeat(100_000), OLD);
  }
  expect(process.cpuUsage(startedAt).user / 1e6).toBeLessThan(5);
});
