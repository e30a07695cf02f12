import { englishDataset, englishRecommendedTransformers, RegExpMatcher } from 'obscenity';

/** Marks, overrides and isolates that turn the writing direction of what stands beside them, and spaces that nobody sees. */
const unseen = /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\u00ad\ufeff]/gu;
/** A letter with more than two marks climbs over its neighbours. */
const towers = /(\p{M}{2})\p{M}+/gu;

/** A fan's text as it may stand on a screen: no turned writing direction, at most two combining marks a letter. */
export function boundText(text: string): string {
  return text.replace(unseen, '').normalize('NFC').replace(towers, '$1');
}

const profanity = new RegExpMatcher({ ...englishDataset.build(), ...englishRecommendedTransformers });
const masked = '***';

/** The same with profanity, and the creator's own words, as "***". */
export function maskText(text: string, blockedWords: readonly string[]): string {
  const bounded = boundText(text);
  const own = matcherOf(blockedWords);
  // Letters apart from their accents: a word is known under any of them.
  const clean = own ? bounded.normalize('NFD').replace(own, masked).normalize('NFC') : bounded;
  let end = 0;
  let shown = '';
  for (const match of profanity.getAllMatches(clean, true)) {
    // Matches may lie in each other; what was masked already is not begun again.
    if (match.startIndex >= end) shown += clean.slice(end, match.startIndex) + masked;
    end = Math.max(end, match.endIndex + 1);
  }
  return shown + clean.slice(end);
}

const matchers = new WeakMap<readonly string[], RegExp>();

const accents = /[\u0300-\u036f]/gu;
const between = '[\\u0300-\\u036f\\u200c\\u200d]*';

/** Whole words in any case and with any accents, of decomposed text. */
function matcherOf(words: readonly string[]): RegExp | null {
  if (words.length === 0) return null;
  let matcher = matchers.get(words);
  if (!matcher) {
    const letters = words.map((word) => [...boundText(word).normalize('NFD').replace(accents, '')]).filter((one) => one.length > 0);
    const patterns = letters.sort((a, b) => b.length - a.length).map((one) => one.map((letter) => escaped(letter) + between).join(''));
    matcher = new RegExp(`(?<![\\p{L}\\p{N}])(?:${patterns.join('|') || '(?!)'})(?![\\p{L}\\p{N}])`, 'giu');
    matchers.set(words, matcher);
  }
  return matcher;
}

function escaped(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/u, '\\$&');
}
