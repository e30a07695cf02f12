import { expect, test } from '@jest/globals';
import { drawPaper, printable } from '../../src/receipts/room.ts';
import { readPdf, valueAfter } from './pdf.ts';

const at = new Date('2026-03-01T12:00:00Z');

test.each([
  ['Ada',            'Ada'],
  ['Zoë Ñuñez',      'Zoë Ñuñez'],
  ['e\u0301',        'é'],
  ['Erdős',          'Erdos'],
  ['€5 “fine” – ok', '€5 “fine” – ok'],
  ['ﬁne ①',          'fine 1'],
  ['日本 🎉',         '?? ?'],
  ['a\tb\nc',        'a b c'],
  ['\u202eabc\u0000', '?abc?'],
  ['(paren\\slash)', '(paren\\slash)'],
])('%j is drawn as %j', (text, drawn) => {
  expect(printable(text)).toBe(drawn);
});

test('a text cannot leave its place in the file', async () => {
  const nasty = ') Tj ET endstream endobj (';
  const pdf = readPdf(await drawPaper({ title: nasty, at, blocks: [{ kind: 'FACTS', rows: [['Name', nasty], ['Next', 'x']] }] }));
  expect(pdf.texts[0]).toBe(nasty);
  expect(valueAfter(pdf, 'Name')).toBe(nasty);
  expect(valueAfter(pdf, 'Next')).toBe('x');
});

test('a long table goes on over pages, and loses no row', async () => {
  const rows = Array.from({ length: 200 }, (_, index) => [`Row ${index}`, `${index}.000001`]);
  const pdf = readPdf(await drawPaper({ title: 'Long', at, blocks: [{ kind: 'TABLE', head: ['', 'Amount'], rows }] }));
  expect(pdf.pages).toBeGreaterThan(3);
  for (const [name, value] of rows) expect(valueAfter(pdf, name!)).toBe(value);
});

test('the same facts make the same file', async () => {
  const paper = { title: 'One', at, blocks: [{ kind: 'NOTE' as const, text: 'A note.' }] };
  expect((await drawPaper(paper)).equals(await drawPaper(paper))).toBe(true);
});
