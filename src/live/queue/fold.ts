/** A text in the form in which words are compared, and the way back to what it was made of. */
export interface Folded {
  readonly text: string;
  /** Of each code unit of `text`: where the character it stands for begins in the original. */
  readonly starts: readonly number[];
  /** And where that ends, with the marks and the unseen characters that follow it. */
  readonly ends: readonly number[];
  /** Whether it belongs to a word: a letter, a digit, or a mark that is spelt like one. */
  readonly inWord: readonly boolean[];
}

/** Scripts whose marks spell vowels, and whose letters join or part at unseen characters, as the inside of a character class. */
export const spellingScripts = [
  'Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Oriya', 'Tamil', 'Telugu', 'Kannada', 'Malayalam', 'Sinhala', 'Thai', 'Lao', 'Tibetan', 'Myanmar', 'Khmer',
].map((script) => `\\p{Script=${script}}`).join('');

const unseen = /\p{Default_Ignorable_Code_Point}/u;
const mark = /\p{M}/u;
const spelling = new RegExp(`^[${spellingScripts}]$`, 'u');
const voicing = /[\u3099\u309a]/;
const kana = /[\u3040-\u30ff]/;
const wordPart = /[\p{L}\p{N}\p{M}]/u;

// Both cases of a letter become the same one, and no two letters of a script do: own words in that script keep their meaning.
const lookAlikes = new Map<string, string>();
for (const [strange, plain] of [
  ['авеһіјкӏмнорԛѕтуѵԝхсԁ', 'abehijklmhopqstyvwxcd'],
  ['αβγεζηικμνορςτυχω', 'abyezhikmvopσtuxw'],
  ['ıɑɡøłđħƒ', 'iagoldhf'],
  ['ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ', 'abcdefghijklmnoprstuvwyz'],
] as const) {
  const letters = [...plain];
  [...strange].forEach((character, index) => lookAlikes.set(character, letters[index] as string));
}
// White letters on black, which no normalization knows.
for (const first of [0x1f150, 0x1f170]) {
  for (let letter = 0; letter < 26; letter++) lookAlikes.set(String.fromCodePoint(first + letter), String.fromCharCode(97 + letter));
}

/** A character that stands for more than these, such as a whole sentence in one, stays what it is, so that texts do not grow. */
const mostParts = 4;

/**
 * Folds a text: compatibility forms resolved, lower-case, look-alikes of Latin letters as those, without accents and without what nobody
 * sees. One pass, so that its cost grows with the text's length alone.
 */
export function fold(original: string): Folded {
  const folded = { text: '', starts: [] as number[], ends: [] as number[], inWord: [] as boolean[] };
  let last = '';
  let start = 0;
  for (const character of original) {
    const end = start + character.length;
    for (const part of character < '\u0080' ? character : partsOf(character)) {
      if (part >= '\u0080' && (unseen.test(part) || isStray(part, last))) continue;
      for (const letter of plainOf(part)) {
        const inWord = wordPart.test(letter);
        folded.text += letter;
        for (let unit = 0; unit < letter.length; unit++) {
          folded.starts.push(start);
          folded.ends.push(end);
          folded.inWord.push(inWord);
        }
      }
      last = part;
    }
    // What was left out goes with the letter before it.
    if (folded.ends.length > 0) folded.ends[folded.ends.length - 1] = end;
    start = end;
  }
  return folded;
}

function partsOf(character: string): readonly string[] {
  const parts = [...character.normalize('NFKD')];
  return parts.length > mostParts ? [character] : parts;
}

/** Whether it is a mark that changes no letter: accents do not; vowel signs do, and voicing, on letters of their own script. */
function isStray(part: string, before: string): boolean {
  if (!mark.test(part)) return false;
  if (voicing.test(part)) return !kana.test(before);
  return !(spelling.test(part) && spelling.test(before));
}

function plainOf(part: string): string {
  const lower = part.toLowerCase();
  return lookAlikes.get(part) ?? lookAlikes.get(lower) ?? lower;
}
