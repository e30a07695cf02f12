import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { boundText, maskText } from '../../../src/live/queue/fan-text.ts';
import { headlineOf, unknownPlaceholder, type Telling } from '../../../src/live/queue/wording.ts';

test.each([
  ['a plain text', 'Grüße, 你好 👩‍👩‍👧 1️⃣', 'Grüße, 你好 👩‍👩‍👧 1️⃣'],
  ['a turned writing direction', 'abc\u202egnp.exe\u2066x\u2069', 'abcgnp.exex'],
  ['spaces that nobody sees', 'a\u200bb\ufeffc\u00add', 'abcd'],
  ['a tower of marks', `z\u0300\u0301${'\u0302'.repeat(50)}algo`, 'z\u0300\u0301algo'],
  ['joiners and selectors that nobody needs', 'a\u200cb\u200dc d\ufe0fe f\u{e0061}g\u2061h\u206ai\u034fj\u3164k', 'abc de fghijk'],
  ['joiners in a row', '👩\u200d\u200d👩 می\u200c\u200cخواهم', '👩👩 میخواهم'],
  ['what emoji and scripts need joined', '🏳️‍🌈 🏴󠁧󠁢󠁥󠁮󠁧󠁿 👩🏽‍🚀 می‌خواهم ශ්‍රී 葛󠄀', '🏳️‍🌈 🏴󠁧󠁢󠁥󠁮󠁧󠁿 👩🏽‍🚀 می‌خواهم ශ්‍රී 葛󠄀'],
  ['letters of scripts that need marks', 'กำลังใจ नमस्ते שָׁלוֹם', 'กำลังใจ नमस्ते שָׁלוֹם'],
])('bounds %s', (_, given, bounded) => {
  expect(boundText(given)).toBe(bounded.normalize('NFC'));
});

test('never lets a letter have more than two marks, whatever it is given', () => {
  const soup = fc.array(fc.constantFrom('a', 'z', ' ', '\u0300', '\u0489', '\u202e', '\u2067', '\u200b', '\u200c', '\u200d', '\ufe0f', '😀', '🏽', 'م', 'ක', '\u0dca', '\u0e49')).map((parts) => parts.join(''));
  fc.assert(
    fc.property(soup, (text) => {
      const bounded = boundText(text);
      expect(bounded).not.toMatch(/\p{M}{3}/u);
      expect(bounded).not.toMatch(/[\u200b\u202a-\u202e\u2066-\u2069]/u);
      expect(boundText(bounded)).toBe(bounded);
    }),
  );
});

test.each([
  ['profanity', 'what the fuck is this', [], 'what the *** is this'],
  ['profanity in disguise', 'fuuuuck sh1t', [], '*** ***'],
  ['profanity with hidden spaces', 'f\u200bu\u200bc\u200bk', [], '***'],
  ['profanity with unseen characters and accents', 'f\u200cuck f\u200duck f\u2061uck f\u206auck f\u0301uck ｆｕｃｋ fu\u0441k', [], '*** *** *** *** *** *** ***'],
  ['nothing that only contains it', 'a classic assessment in Scunthorpe', [], 'a classic assessment in Scunthorpe'],
  ['the creator\'s own words, in any case', 'Spoiler: SNAPE, snape and snapes', ['snape'], 'Spoiler: ***, *** and snapes'],
  ['own phrases', 'Buy at shop.example now', ['shop.example'], 'Buy at *** now'],
  ['own words with accents and joiners', 's\u0301n\u200dap\u0301e Ŝnapé', ['snape'], '*** ***'],
  ['own words with accents left out', 'cafe or café', ['café'], '*** or ***'],
  ['the longer of two words first', 'snape kills', ['snape', 'snape kills'], '***'],
  ['own words that look like patterns', 'a.c (x|y) abc [z]', ['a.c', '(x|y)', '[z]'], '*** *** abc ***'],
  ['own words with unseen characters', 'b\u2061ad b\ufe0fad b\u{e0061}ad b\u200cad\u200d!', ['bad'], '*** *** *** ***!'],
  ['own words in other letters', 'ｂａｄ 𝐛𝐚𝐝 b\u0430d ΒΑD ʙᴀᴅ 🅱ad ⓑⓐⓓ', ['bad'], '*** *** *** *** *** *** ***'],
  ['own words with signs and digits', 'b4d BL0G b!g b1og b@d$', ['bad', 'blog', 'big', 'bads'], '*** *** *** *** ***'],
  ['no numbers, no ends of sentences and no parts of words', '4 55 tax! bad4 b4dly', ['a', 'ss', 'taxi', 'bad'], '4 55 tax! bad4 b4dly'],
  ['own words that were stored with unseen characters', 'az and a\u200dz', ['a\u200d\u200d\u200dz', '\u200d', ''], '*** and ***'],
  ['own words in scripts where marks and case matter', 'के क カキ ガキ ВОР вор', ['क', 'ガキ', 'вор'], 'के *** カキ *** *** ***'],
  ['words that end alike', 'new york, york', ['york', 'new york'], '***, ***'],
  ['words that lap over each other as one', 'big bad wolf', ['big bad', 'bad wolf'], '***'],
  ['own words with every sign', 'spider-man / \\ ^$ x+?', ['spider-man', 'x+?', '/', '\\', '^$'], '*** *** *** *** ***'],
])('masks %s', (_, text, words, masked) => {
  expect(maskText(text, words)).toBe(masked);
});

test.each([
  ['a word of joiners', 'a' + '\u200d'.repeat(498) + 'b', (index: number) => `a${'\u200d'.repeat(34)}${index}z`],
  ['words that all begin alike', '-\u0301\u0301'.repeat(166), (index: number) => '-'.repeat(39) + String.fromCodePoint(0x4e00 + index)],
  ['words of characters that stand for many', '1… '.repeat(166), (index: number) => '…'.repeat(39) + String.fromCodePoint(0x4e00 + index)],
  ['words of each length', 'a '.repeat(250), (index: number) => 'a '.repeat((index % 19) + 1) + index],
])('masks a text a thousand times, whatever the 200 words are: %s', (_, text, word) => {
  const words = Array.from({ length: 200 }, (_, index) => word(index));
  const masked = maskText(text, words);
  for (let times = 1; times < 1_000; times++) expect(maskText(text, words)).toBe(masked);
  expect(maskText(`${text} ${words[7]!} end`, words)).toMatch(/\*\*\* end$/);
}, 60_000);

const telling: Telling = { kind: 'TIP', name: 'Ann', amount: '$5.00', tier: null, goal: null, count: null };

test.each([
  ['the creator\'s headline for a tip', '{name} gave {amount}!', telling, 'Ann gave $5.00!'],
  ['ours, where theirs is for memberships', 'Hi {tier}', telling, 'Ann tipped $5.00'],
  ['a name once, whatever it looks like', '{name} tipped {amount}', { ...telling, name: '{amount} {name}' }, '{amount} {name} tipped $5.00'],
  ['a new member of a tier', '{name} tipped {amount}', { ...telling, kind: 'SUBSCRIPTION_STARTED', tier: 'Gold' }, 'Ann joined Gold'],
  ['a new member in the creator\'s words', '{name} is now {tier}', { ...telling, kind: 'SUBSCRIPTION_STARTED', tier: 'Gold' }, 'Ann is now Gold'],
  ['a member without a tier', '{name} is now {tier}', { ...telling, kind: 'SUBSCRIPTION_STARTED' }, 'Ann subscribed with $5.00'],
  ['a renewal', 'x', { ...telling, kind: 'SUBSCRIPTION_RENEWED', tier: 'Gold' }, 'Ann renewed Gold'],
  ['a goal', 'x', { ...telling, kind: 'GOAL_REACHED', goal: 'A camera' }, 'Goal reached: A camera'],
  ['a digest', 'x', { ...telling, kind: 'DIGEST', count: 7 }, '7 alerts while nobody was watching, $5.00 in all'],
  ['an Arabic name in an order of its own', '{name} tipped {amount}', { ...telling, name: 'محمد' }, '\u2068محمد\u2069 tipped $5.00'],
  ['a Latin name in an order of its own among Hebrew words', '{name} תרם', telling, '\u2068Ann\u2069 תרם'],
  ['a digest without money', 'x', { ...telling, kind: 'DIGEST', count: 7, amount: null }, '7 alerts while nobody was watching'],
] as [string, string, Telling, string][])('says %s', (_, template, given, headline) => {
  expect(headlineOf(template, given)).toBe(headline);
});

test('a headline may hold the three placeholders alone', () => {
  expect(unknownPlaceholder('{name} {amount} {tier} }{')).toBeNull();
  for (const bad of ['{constructor}', '{count}', '{goal}', '{}', '{ name }', '{Name}']) expect(unknownPlaceholder(`{name} ${bad}`)).toBe(bad);
});
