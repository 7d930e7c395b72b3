/** The style sheet of the page: for light and dark screens, phones and paper. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2330; --soft: #5b6575; --line: #d9dee6; --shade: #f4f6f9;
  --passed: #1a7f4b; --warned: #9a6200; --failed: #c0272d; --unchecked: #6b7483; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181f; --ink: #e4e8ee; --soft: #9aa5b5; --line: #333c4a;
  --shade: #1d232d; --passed: #4cc38a; --warned: #e0a63c; --failed: #ff7b7b; --unchecked: #95a0b0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 16px 64px; max-width: 960px; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 4px 0; font-size: 28px; line-height: 1.2; }
h2 { margin: 36px 0 12px; font-size: 19px; }
.soft, footer, dt { color: var(--soft); font-size: 14px; }
.passed { --tone: var(--passed); } .warned { --tone: var(--warned); }
.failed { --tone: var(--failed); } .unchecked { --tone: var(--unchecked); }
h1, .sign { color: var(--tone); }
ol { display: grid; grid-template-columns: repeat(6, 1fr); gap: 8px; margin: 24px 0 0; padding: 0; list-style: none; }
ol li { padding: 10px 8px 10px 10px; border: 1px solid var(--line); border-top: 5px solid var(--tone); border-radius: 6px;
  background: var(--shade); }
ol b, ol span { display: block; }
ol b { font-size: 15px; }
ol span { color: var(--tone); font-size: 13px; }
article { margin: 12px 0; padding: 14px 16px; border: 1px solid var(--line); border-left: 5px solid var(--tone);
  border-radius: 6px; background: var(--shade); }
article p { margin: 4px 0; }
.fix { display: flex; gap: 12px; align-items: flex-start; margin-top: 10px; }
pre { flex: 1; margin: 0; padding: 10px 12px; border: 1px solid var(--line); border-radius: 6px; background: var(--paper);
  font: 14px/1.5 ui-monospace, monospace; white-space: pre-wrap; }
button { padding: 8px 14px; border: 1px solid var(--line); border-radius: 6px; background: var(--paper); color: inherit;
  font: inherit; font-size: 14px; white-space: nowrap; cursor: pointer; }
.images { display: grid; grid-template-columns: repeat(auto-fill, minmax(165px, 1fr)); gap: 12px; }
figure { margin: 0; padding: 8px; border: 1px solid var(--line); border-radius: 6px; background: var(--shade); font-size: 13px; }
img { display: block; width: 100%; height: 110px; object-fit: contain; background: var(--paper); }
details { margin: 8px 0; padding: 8px 14px; border: 1px solid var(--line); border-radius: 6px; }
summary { cursor: pointer; }
dl { display: grid; grid-template-columns: minmax(120px, 2fr) 3fr; gap: 4px 16px; margin: 10px 0; font-size: 14px; }
dd { margin: 0; }
@media (max-width: 640px) { ol { grid-template-columns: repeat(2, 1fr); } .fix { flex-direction: column; }
  pre { width: 100%; } }
@media print { button { display: none; } article, figure, details { break-inside: avoid; } body { max-width: none; } }
`;

/** Copies the text of a button, and unfolds everything before the page is printed. */
export const SCRIPT = `
const copyByHand = (text) => {
  const field = document.createElement('textarea');
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
};
for (const button of document.querySelectorAll('button')) {
  button.addEventListener('click', async () => {
    const text = button.dataset.copy;
    try { await navigator.clipboard.writeText(text); } catch { copyByHand(text); }
    button.textContent = 'Copied';
  });
}
addEventListener('beforeprint', () => document.querySelectorAll('details').forEach((part) => { part.open = true; }));
`;
