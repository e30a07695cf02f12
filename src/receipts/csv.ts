import { stringify } from 'csv-stringify/sync';

/** What a spreadsheet takes for the beginning of a formula, or of a cell that begins anew (OWASP, "CSV Injection"). */
const dangerous = /^[=+\-@\t\r\n]/;
/** The same behind what spreadsheets leave out at the front: spaces, byte order marks, and the full-width forms that some read as ASCII. */
const disguised = /^[\s\u0000-\u001f\u007f-\u00a0\u200b-\u200f\u2028-\u202f\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]/u;

/** A text that people wrote, as a cell that no spreadsheet computes: an apostrophe goes before what could begin a formula. */
export function textCell(text: string): string {
  return dangerous.test(text) || disguised.test(text) ? `'${text}` : text;
}

/** One line of a table: texts of people through `textCell`; figures, dates and codes of ours as they are. */
export type CsvRow = readonly string[];

/** Lines as RFC 4180 says: every cell in quotes, so that no separator of any locale splits one. */
export function csvLines(rows: readonly CsvRow[]): string {
  return stringify(rows.map((row) => [...row]), { quoted: true, quoted_empty: true, record_delimiter: '\r\n' });
}
