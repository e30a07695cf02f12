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
    return /FlateDecode/.test(match[0]) ? inflateSync(body).toString('latin1') : body.toString('latin1');
  });
  const drawn = streams.flatMap((stream) => [...stream.matchAll(/\[([^\]]*)\] TJ/g)].map((match) => match[1]!));
  const texts = drawn.map((array) => [...array.matchAll(/<([0-9a-f]*)>/gi)].map((match) => Buffer.from(match[1]!, 'hex').toString('latin1')).join(''));
  return { pages: raw.match(/\/Type \/Page\b/g)?.length ?? 0, texts, info: raw };
}

/** The value that is drawn after a label. */
export function valueAfter({ texts }: ReadPdf, label: string): string | undefined {
  const place = texts.indexOf(label);
  return place < 0 ? undefined : texts[place + 1];
}
