/** No word is longer than this in the index, nor in a search: PostgreSQL's lexemes end at 2 KB. */
const longestWord = 64;
/** Words beyond these are ignored: whoever types so many has found the page by the first ones, or there is none. */
const mostWords = 32;

/** Letters that Unicode does not take apart, though people type them without their stroke or ligature. */
const plainer: Readonly<Record<string, string>> = { ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ß: 'ss', æ: 'ae', œ: 'oe', ı: 'i', ħ: 'h' };

/** Lower case, without accents, full-width forms and ligatures: "ÉCLAIR" and "eclair" are one word. */
function fold(text: string): string {
  return text.toWellFormed().normalize('NFKD').replace(/\p{M}+/gu, '').toLowerCase().replace(/[øłđðþßæœıħ]/g, (letter) => plainer[letter]!);
}

/** The words of a text, folded: runs of letters and digits, and single emoji. They hold no quote, backslash, space or operator. */
function wordsOf(text: string): string[] {
  const words = fold(text).match(/[\p{L}\p{N}]+|\p{Extended_Pictographic}/gu) ?? [];
  return words.map((word) => [...word].slice(0, longestWord).join(''));
}

/** The words by which a page is found: of its name, of its handle ("PixelBaker" by pixel and by baker), and the handle in one. */
export function searchWords(handle: string, displayName: string): string[] {
  const parts = handle.replace(/([a-z])(?=[A-Z])/g, '$1 ');
  return [...new Set([...wordsOf(displayName), ...wordsOf(parts), ...wordsOf(handle), ...wordsOf(handle.replaceAll('_', ''))])].sort();
}

export interface Search {
  /** Every word as a prefix, in PostgreSQL's notation of a tsquery; null when the text has no word, which finds nothing. */
  readonly tsquery: string | null;
  /** The text as a handle in lower case, or null when it cannot be one: pages whose handle it is, or starts, come first. */
  readonly handle: string | null;
}

/** Reads what a person typed; null for blanks, which do not search at all. Whatever the text, it cannot leave its quotes. */
export function parseSearch(text: string | null | undefined): Search | null {
  const trimmed = text?.trim() ?? '';
  if (trimmed === '') return null;
  const words = [...new Set(wordsOf(trimmed))].slice(0, mostWords);
  const handle = trimmed.replace(/^@/, '').toLowerCase();
  return {
    tsquery: words.length === 0 ? null : words.map((word) => `'${word}':*`).join(' & '),
    handle: /^[a-z0-9_]{1,30}$/.test(handle) ? handle : null,
  };
}
