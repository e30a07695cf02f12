import { englishDataset, englishRecommendedTransformers, RegExpMatcher } from 'obscenity';
import { fold, spellingScripts } from './fold.ts';
import { WordList, type Span } from './word-list.ts';

/** Where unseen characters belong to what is seen: in emoji, flags and rare forms of ideographs, and between letters that join or part there. */
const wanted = [
  '\\u{1f3f4}[\\u{e0020}-\\u{e007e}]+\\u{e007f}',
  '(?<=\\p{Emoji})[\\ufe0e\\ufe0f]',
  '(?<=\\p{Extended_Pictographic}\\ufe0f?\\p{Emoji_Modifier}?)\\u200d(?=\\p{Extended_Pictographic})',
  '(?<=\\p{Script=Han})[\\u{e0100}-\\u{e01ef}]',
  '(?<=\\p{Script=Mongolian})[\\u180b-\\u180f]',
  `(?<=[${spellingScripts}])[\\u200c\\u200d](?=[${spellingScripts}])(?=\\p{L})`,
  '(?<=\\p{Script=Arabic}\\p{M}?)\\u200c(?=\\p{Script=Arabic})(?=\\p{L})',
].join('|');
/** Marks that turn the writing direction of what stands beside them, and everything else that nobody sees. */
const unseen = new RegExp(`(${wanted})|[\\p{Default_Ignorable_Code_Point}\\u061c\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ufeff\\ufff9-\\ufffb]`, 'gu');
/** A letter with more than two marks climbs over its neighbours. */
const towers = /(\p{M}{2})\p{M}+/gu;

const ascii = /^[\0-\x7f]*$/;

/** A fan's text as it may stand on a screen: no turned writing direction, nothing unseen, at most two combining marks a letter. */
export function boundText(text: string): string {
  if (ascii.test(text)) return text;
  return text.replace(unseen, '$1').normalize('NFC').replace(towers, '$1');
}

const profanity = new RegExpMatcher({ ...englishDataset.build(), ...englishRecommendedTransformers });
const mask = '***';

/** The same with profanity, and the creator's own words, as "***", however they are disguised. */
export function maskText(text: string, blockedWords: readonly string[]): string {
  const bounded = boundText(text);
  const folded = fold(bounded);
  const profane = profanity.getAllMatches(folded.text).map(({ startIndex, endIndex }) => ({ start: startIndex, end: endIndex + 1 }));
  const spans = [...profane, ...wordListOf(blockedWords).find(folded)].map(({ start, end }) => ({
    start: folded.starts[start] as number,
    end: folded.ends[end - 1] as number,
  }));
  return replaced(bounded, spans);
}

/** The text with "***" for each run of spans. */
function replaced(text: string, spans: Span[]): string {
  let shown = '';
  let done = 0;
  let isFirst = true;
  for (const { start, end } of spans.sort((a, b) => a.start - b.start)) {
    if (isFirst || start > done) shown += text.slice(done, start) + mask;
    isFirst = false;
    done = Math.max(done, end);
  }
  return shown + text.slice(done);
}

const wordLists = new WeakMap<readonly string[], WordList>();

function wordListOf(words: readonly string[]): WordList {
  let list = wordLists.get(words);
  if (!list) {
    list = new WordList(words);
    wordLists.set(words, list);
  }
  return list;
}
