import { englishDataset, englishRecommendedTransformers, RegExpMatcher } from 'obscenity';

/** Marks, overrides and isolates that turn the writing direction of what stands beside them, and spaces that nobody sees. */
const unseen = /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\u00ad\ufeff]/gu;
/** A letter with more than two marks climbs over its neighbours. */
const towers = /(\p{M}{2})\p{M}+/gu;

/** A fan's text as it may stand on a screen: no turned writing direction, at most two combining marks a letter. */
export function boundText(text: string): string {
  return text.normalize('NFC').replace(unseen, '').replace(towers, '$1');
}

const profanity = new RegExpMatcher({ ...englishDataset.build(), ...englishRecommendedTransformers });
const masked = '***';

/** The same with profanity, and the creator's own words, as "***". */
export function maskText(text: string, blockedWords: readonly string[]): string {
  const bounded = boundText(text);
  const own = matcherOf(blockedWords);
  const clean = own ? bounded.replace(own, masked) : bounded;
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

/** Whole words in any case, with marks or joiners between the letters or not. */
function matcherOf(words: readonly string[]): RegExp | null {
  if (words.length === 0) return null;
  let matcher = matchers.get(words);
  if (!matcher) {
    const patterns = [...words].sort((a, b) => b.length - a.length).map((word) => [...boundText(word)].map(escaped).join('[\\p{M}\\u200c\\u200d]*'));
    matcher = new RegExp(`(?<![\\p{L}\\p{N}])(?:${patterns.join('|')})(?![\\p{L}\\p{N}])`, 'giu');
    matchers.set(words, matcher);
  }
  return matcher;
}

function escaped(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/-]/u, '\\$&');
}
