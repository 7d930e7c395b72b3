import { addressesIn } from '../../../../../src/commands/migrate/from-url/old-addresses';

const OLD = 'https://old.example.com/blog';

test.each([
  ['in a field of its own', `${OLD}/2020/01/a.jpg`, [`${OLD}/2020/01/a.jpg`]],
  ['in HTML', `<img src="${OLD}/a.jpg"><a href='${OLD}/b.pdf'>`, [`${OLD}/a.jpg`, `${OLD}/b.pdf`]],
  ['in a srcset', `srcset="${OLD}/a.jpg 300w, ${OLD}/b.jpg 600w"`, [`${OLD}/a.jpg`, `${OLD}/b.jpg`]],
  ['in JSON with HTML in it', JSON.stringify({ html: `<img src="${OLD}/a.jpg">` }), [`${OLD}/a.jpg`]],
  ['in Markdown', `![](${OLD}/a.jpg) and more`, [`${OLD}/a.jpg`]],
  ['between encoded quotes', `data="&quot;${OLD}/a.jpg&quot;"`, [`${OLD}/a.jpg`]],
  ['with a query', `${OLD}/a.jpg?v=1&w=2`, [`${OLD}/a.jpg?v=1&w=2`]],
])('an address is found %s', (_where, text, addresses) => {
  expect(addressesIn(text, OLD)).toEqual(addresses);
});

test.each([
  ['https://old.example.com/blogs/a.jpg'],
  ['https://oldXexample.com/blog/a.jpg'],
  ['https://other.example.com/blog/a.jpg'],
  [undefined],
  [null],
])('%s is none', (text) => {
  expect(addressesIn(text, OLD)).toEqual([]);
});
