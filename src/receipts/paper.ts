import PDFDocument from 'pdfkit';
import { fontOf, printable, type FontFace } from './fonts.ts';

/** A page or two of plain facts. */
export interface Paper {
  readonly title: string;
  /** What it was made of, so that the same facts make the same file. */
  readonly at: Date;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: 'FACTS'; readonly rows: readonly (readonly [label: string, value: string])[] }
  /** The first column is a text, the others are figures, to the right. */
  | { readonly kind: 'TABLE'; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: 'HEADING' | 'NOTE'; readonly text: string };

const margin = 56;
const pageWidth = 595.28;
const bottom = 841.89 - margin;
const width = pageWidth - 2 * margin;
const labelWidth = 150;

/** Draws a paper as a PDF of A4 pages. What it needs of its fonts is within the file. */
export function drawPaper(paper: Paper): Promise<Buffer> {
  const document = new PDFDocument({ size: 'A4', margin, info: { Title: paper.title, CreationDate: paper.at, ModDate: paper.at, Producer: 'Farthing', Creator: 'Farthing' } });
  const chunks: Buffer[] = [];
  const done = new Promise<Buffer>((resolve, reject) => {
    document.on('data', (chunk: Buffer) => chunks.push(chunk));
    document.on('end', () => resolve(Buffer.concat(chunks)));
    document.on('error', reject);
  });
  for (const face of ['REGULAR', 'BOLD'] as const) document.registerFont(face, fontOf(face).file);
  document.font('BOLD').fontSize(18).text(printable(paper.title, 'BOLD'), { width });
  document.moveDown(1);
  for (const block of paper.blocks) drawBlock(document, block);
  document.end();
  return done;
}

function drawBlock(document: PDFKit.PDFDocument, block: Block): void {
  switch (block.kind) {
    case 'HEADING':
      document.moveDown(0.5).font('BOLD').fontSize(12).text(printable(block.text, 'BOLD'), margin, document.y, { width }).moveDown(0.5);
      return;
    case 'NOTE':
      document.moveDown(0.5).font('REGULAR').fontSize(8.5).fillColor('#555555').text(printable(block.text), margin, document.y, { width }).fillColor('black');
      return;
    case 'FACTS':
      for (const row of block.rows) drawRow(document, [labelWidth, width - labelWidth], row, 'left');
      return;
    case 'TABLE': {
      const first = width * 0.34;
      const widths = block.head.map((_, index) => (index === 0 ? first : (width - first) / (block.head.length - 1)));
      drawRow(document, widths, block.head, 'right', 'BOLD');
      for (const row of block.rows) drawRow(document, widths, row, 'right');
    }
  }
}

function drawRow(document: PDFKit.PDFDocument, widths: readonly number[], cells: readonly string[], align: 'left' | 'right', face: FontFace = 'REGULAR'): void {
  document.font(face).fontSize(10);
  const texts = cells.map((cell) => printable(cell, face));
  const height = Math.max(...texts.map((text, index) => document.heightOfString(text, { width: (widths[index] ?? 0) - 8 })));
  if (document.y + height > bottom) document.addPage();
  const top = document.y;
  let left = margin;
  texts.forEach((text, index) => {
    const cellWidth = widths[index] ?? 0;
    document.text(text, left, top, { width: cellWidth - 8, align: index === 0 ? 'left' : align });
    left += cellWidth;
  });
  document.x = margin;
  document.y = top + height + 5;
}
