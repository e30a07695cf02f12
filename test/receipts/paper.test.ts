import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { drawPaper, printable } from '../../src/receipts/room.ts';
import { readPdf, valueAfter } from './pdf.ts';

const at = new Date('2026-03-01T12:00:00Z');

test.each([
  ['Ada',             'Ada'],
  ['Zoë Ñuñez',       'Zoë Ñuñez'],
  ['e\u0301',         'é'],
  ['Erdős',           'Erdős'],
  ['Дмитрий',         'Дмитрий'],
  ['Ελένη Ἀθηνᾶ',     'Ελένη Ἀθηνᾶ'],
  ['Nguyễn Thị Hạnh', 'Nguyễn Thị Hạnh'],
  ['€5 “fine” – ok',  '€5 “fine” – ok'],
  ['ﬁne ①',           'ﬁne ①'],
  ['ＡＢＣ',            'ABC'],
  ['日本 🎉',          '□□ □'],
  ['👩\u200d🎤 ❤\ufe0f', '□□ ❤'],
  ['a\tb\nc',         'a b c'],
  ['\u202eabc\u0000',  '□abc□'],
  ['(paren\\slash)',  '(paren\\slash)'],
  ['שלום עולם (@a)',  'שלום\u00a0עולם  (@a)'],
  ['محمد علي',        'محمد\u00a0علي'],
])('%j is drawn as %j', (text, drawn) => {
  expect(printable(text)).toBe(drawn);
});

test.each([
  ['Дмитрий Шостакович',       'Дмитрий Шостакович'],
  ['Ελένη & Łukasz (@nguyễn)', 'Ελένη & Łukasz (@nguyễn)'],
  // As the page is read from the left, letter by letter.
  ['שלום עולם',                'םלוע\u00a0םולש'],
  ['Dr שלום (@a)',             'Dr  םולש (@a)'],
])('the PDF draws %j, and has the letters of its fonts within it', async (name, drawn) => {
  const file = await drawPaper({ title: name, at, blocks: [{ kind: 'FACTS', rows: [['Name', name]] }, { kind: 'TABLE', head: ['', name], rows: [['Row', name]] }] });
  const pdf = readPdf(file);
  expect(pdf.texts).toEqual([drawn, 'Name', drawn, drawn, 'Row', drawn]);
  expect(pdf.info.match(/\/FontFile2 /g)).toHaveLength(2);
  // The letters that are used, of two fonts of 700 KB.
  expect(file.length).toBeLessThan(40_000);
});

test('the fonts come with an installation for production', async () => {
  const { dependencies } = JSON.parse(await readFile(path.join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'));
  expect(Object.keys(dependencies)).toContain('dejavu-fonts-ttf');
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
