import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** A font that papers are drawn in: the file, and what it can draw. */
export interface Font {
  readonly file: Buffer;
  has(codePoint: number): boolean;
}

export type FontFace = 'REGULAR' | 'BOLD';

const fileNames: Readonly<Record<FontFace, string>> = { REGULAR: 'DejaVuSans.ttf', BOLD: 'DejaVuSans-Bold.ttf' };
const opened = new Map<FontFace, Font>();
const resolver = createRequire(import.meta.url);

/** DejaVu Sans: Latin, Greek, Cyrillic, Armenian, Georgian, Arabic, Hebrew and most signs; no Chinese, Japanese, Korean or emoji. Read once. */
export function fontOf(face: FontFace): Font {
  const known = opened.get(face);
  if (known) return known;
  const file = readFileSync(resolver.resolve(`dejavu-fonts-ttf/ttf/${fileNames[face]}`));
  const ranges = rangesOf(file);
  const font: Font = { file, has: (codePoint) => ranges.some(([first, last]) => codePoint >= first && codePoint <= last) };
  opened.set(face, font);
  return font;
}

/** The code points that a TrueType file has glyphs for, from its table "cmap" of format 12 (OpenType 1.9, "cmap"). Throws where there is none. */
function rangesOf(file: Buffer): (readonly [first: number, last: number])[] {
  const tables = Array.from({ length: file.readUInt16BE(4) }, (_, index) => 12 + 16 * index);
  const table = tables.find((place) => file.toString('latin1', place, place + 4) === 'cmap');
  const start = table === undefined ? file.length : file.readUInt32BE(table + 8);
  const subtables = Array.from({ length: file.readUInt16BE(start + 2) }, (_, index) => start + file.readUInt32BE(start + 4 + 8 * index + 4));
  const map = subtables.find((place) => file.readUInt16BE(place) === 12);
  if (map === undefined) throw new Error('The font has no table of characters of format 12.');
  return Array.from({ length: file.readUInt32BE(map + 12) }, (_, index) => {
    const group = map + 16 + 12 * index;
    return [file.readUInt32BE(group), file.readUInt32BE(group + 4)] as const;
  });
}

/** Stands for a character that no font of ours has. */
const box = '□';
/** What only chooses between forms of the character before it. */
const selectors = /\u200d|\p{Variation_Selector}/gu;
const nonJoiner = '\u200c';

/**
 * A text as a font can draw it. Letters that it lacks lose their accents or their width where that makes them drawable; what is left
 * becomes a box, and so does what has no shape of its own, so that nothing on a paper reads as something else than it is.
 */
export function printable(text: string, face: FontFace = 'REGULAR'): string {
  const font = fontOf(face);
  const drawn = (char: string) => char === nonJoiner || (!/^\p{C}$/u.test(char) && font.has(char.codePointAt(0) as number));
  const chars = Array.from(text.normalize('NFC').replace(selectors, ''), (char) => {
    if (/^\s$/.test(char)) return ' ';
    if (drawn(char)) return char;
    const base = char.normalize('NFKD').replace(/\p{M}/gu, '');
    return base !== '' && Array.from(base).every(drawn) ? base : box;
  });
  return keepRunsTogether(chars.join(''));
}

const rightToLeftWord = String.raw`\S*[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Nko}]\S*`;
const rightToLeftRun = new RegExp(String.raw`${rightToLeftWord}(?: ${rightToLeftWord})*( ?)`, 'gu');

/**
 * Makes words of Hebrew and Arabic that follow each other one word: PDFKit turns round the letters of each word by itself, the space
 * behind it included, and sets words from the left. The second space is then the one between the run and what follows it.
 */
function keepRunsTogether(text: string): string {
  return text.replace(rightToLeftRun, (run, space: string) => `${run.trimEnd().replaceAll(' ', '\u00a0')}${space}${space}`);
}
