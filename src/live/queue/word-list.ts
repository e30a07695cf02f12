import { fold, type Folded } from './fold.ts';

/** Part of a folded text, in its code units; `end` is behind it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A node of the tree that the words' letters make. */
interface Branch {
  readonly next: Map<number, Branch>;
  /** Where the longest end of this branch goes on that another word begins with; the root's is itself. */
  fallback: Branch;
  /** The length of the word that ends here; 0 for none. */
  wordLength: number;
  /** The next shorter word that ends here too. */
  shorter: Branch | null;
}

function newBranch(root?: Branch): Branch {
  const branch = { next: new Map(), wordLength: 0, shorter: null } as unknown as Branch;
  branch.fallback = root ?? branch;
  return branch;
}

const signs = ['0o', '3e', '4a', '5s', '7t', '8b', '9g', '@a', '$s'];
/** What signs and digits are read as where they stand for letters; some stand for either of two. */
const disguises = ['i', 'l'].map((upright) => new Map([...signs, `1${upright}`, `!${upright}`, `|${upright}`].map((pair) => [pair.charCodeAt(0), pair.charCodeAt(1)])));
const disguising = /[01345789@$!|]/;
const letter = /\p{L}/u;
const endsASentence = /[!|]$/;

/**
 * Words and phrases to be found where they stand by themselves, also with signs or digits for letters. The search is that of Aho and
 * Corasick: every letter is looked at once, whatever the words are.
 */
export class WordList {
  readonly #root = newBranch();

  constructor(words: readonly string[]) {
    for (const word of words) this.#add(fold(word).text);
    this.#link();
  }

  #add(word: string): void {
    let branch = this.#root;
    for (let unit = 0; unit < word.length; unit++) {
      const code = word.charCodeAt(unit);
      let next = branch.next.get(code);
      if (!next) branch.next.set(code, (next = newBranch(this.#root)));
      branch = next;
    }
    branch.wordLength = word.length;
  }

  /** Gives every branch its fallback, the shorter ones first. */
  #link(): void {
    const waiting = [...this.#root.next.values()];
    for (const branch of waiting) {
      for (const [code, next] of branch.next) {
        next.fallback = this.#step(branch.fallback, code);
        next.shorter = next.fallback.wordLength > 0 ? next.fallback : next.fallback.shorter;
        waiting.push(next);
      }
    }
  }

  #step(from: Branch, code: number): Branch {
    let branch = from;
    for (;;) {
      const next = branch.next.get(code);
      if (next) return next;
      if (branch === this.#root) return branch;
      branch = branch.fallback;
    }
  }

  /** Where the words stand; spans may lie in each other. */
  find(folded: Folded): Span[] {
    if (this.#root.next.size === 0) return [];
    const plain = this.#read(folded);
    if (!disguising.test(folded.text)) return plain;
    // Digits and signs alone are no word in disguise, and what ends a sentence ends no word.
    const disguised = disguises.flatMap((reading) => this.#read(folded, reading)).filter(({ start, end }) => {
      const found = folded.text.slice(start, end);
      return letter.test(found) && !endsASentence.test(found);
    });
    return [...plain, ...disguised];
  }

  /** The longest word that ends at each place, of those that stand by themselves. */
  #read({ text, inWord }: Folded, reading?: ReadonlyMap<number, number>): Span[] {
    const spans: Span[] = [];
    let branch = this.#root;
    for (let end = 1; end <= text.length; end++) {
      const code = text.charCodeAt(end - 1);
      branch = this.#step(branch, reading?.get(code) ?? code);
      if (inWord[end]) continue;
      for (let word: Branch | null = branch; word; word = word.shorter) {
        const start = end - word.wordLength;
        if (word.wordLength === 0 || inWord[start - 1]) continue;
        spans.push({ start, end });
        break;
      }
    }
    return spans;
  }
}
