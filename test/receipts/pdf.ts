import { inflateSync } from 'node:zlib';

export interface ReadPdf {
  readonly pages: number;
  /** The texts that are drawn, in order. */
  readonly texts: readonly string[];
  readonly info: string;
}

/** Reads the PDFs that we make: checks the table of objects against the file, and collects what is drawn. Throws for what is no PDF. */
export function readPdf(file: Buffer): ReadPdf {
  const raw = file.toString('latin1');
  if (!raw.startsWith('%PDF-1.') || !raw.trimEnd().endsWith('%%EOF')) throw new Error('The file does not begin or end as a PDF does.');
  const start = Number(/startxref\s+(\d+)\s+%%EOF\s*$/.exec(raw)?.[1]);
  if (!raw.startsWith('xref', start)) throw new Error(`No table of objects is at ${start}.`);
  const offsets = [...raw.slice(start).matchAll(/^(\d{10}) \d{5} n/gm)].map((match) => Number(match[1]));
  offsets.forEach((offset, index) => {
    if (!raw.startsWith(`${index + 1} 0 obj`, offset)) throw new Error(`Object ${index + 1} is not at ${offset}.`);
  });
  const streams = [...raw.matchAll(/\/Length (\d+)[^]*?stream\n/g)].map((match) => {
    const from = match.index + match[0].length;
    const body = file.subarray(from, from + Number(match[1]));
    const text = /FlateDecode/.test(match[0]) ? inflateSync(body).toString('latin1') : body.toString('latin1');
    return { object: Number(/\d+$/.exec(raw.slice(0, raw.lastIndexOf(' 0 obj', match.index)))?.[0]), text };
  });
  const fonts = fontsOf(raw, new Map(streams.map(({ object, text }) => [object, text])));
  const texts = streams.flatMap(({ text }) => [...text.matchAll(/\/(F\d+) [\d.]+ Tf\n\[([^\]]*)\] TJ/g)].map(([, font, array]) => {
    const characters = fonts.get(font!)!;
    const glyphs = [...array!.matchAll(/<([0-9a-f]*)>/gi)].flatMap((match) => match[1]!.match(/.{4}/g) ?? []);
    return glyphs.map((glyph) => characters[Number.parseInt(glyph, 16)]).join('');
  }));
  return { pages: raw.match(/\/Type \/Page\b/g)?.length ?? 0, texts, info: raw };
}

/** The value that is drawn after a label. */
export function valueAfter({ texts }: ReadPdf, label: string): string | undefined {
  const place = texts.indexOf(label);
  return place < 0 ? undefined : texts[place + 1];
}

/** What each glyph of the fonts stands for, as readers copy it: every font is embedded, with a table of its characters. */
function fontsOf(raw: string, streams: ReadonlyMap<number, string>): Map<string, string[]> {
  const numbers = new Map([...raw.matchAll(/\/(F\d+) (\d+) 0 R/g)].map((match) => [match[1]!, match[2]!]));
  return new Map([...numbers].map(([name, number]) => {
    const object = raw.slice(raw.indexOf(`\n${number} 0 obj`)).split('endobj')[0]!;
    const table = streams.get(Number(/\/ToUnicode (\d+) 0 R/.exec(object)?.[1]));
    if (table === undefined || !object.includes('/Identity-H')) throw new Error(`The font ${name} is not embedded with its characters.`);
    const characters: string[] = [];
    for (const [, first, cells] of table.matchAll(/<([0-9a-f]{4})> <[0-9a-f]{4}> \[([^\]]*)\]/g)) {
      [...cells!.matchAll(/<([0-9a-f ]*)>/g)].forEach((cell, index) => {
        characters[Number.parseInt(first!, 16) + index] = String.fromCharCode(...cell[1]!.split(' ').map((unit) => Number.parseInt(unit, 16)));
      });
    }
    return [name, characters];
  }));
}
