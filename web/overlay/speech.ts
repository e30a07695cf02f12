/** Longer text is cut at a word: about a quarter of a minute of speech. */
export const mostSpokenCharacters = 200;
/** Alerts that wait to be read out; when more come, the oldest of them stays silent. */
const mostWaiting = 3;
/** Some voices never say that they have ended. */
const longestMs = 25_000;

/** One text on its way to be heard; it says `end` or `error` when it is over. */
export interface Utterance {
  addEventListener(type: 'end' | 'error', listener: () => void): void;
}

/** What can speak: the browser's speech synthesis. */
export interface Voice {
  prepare(text: string): Utterance;
  speak(utterance: Utterance): void;
  cancel(): void;
}

/** What is read out: links are not spelled, and long text is cut. */
export function spokenText(headline: string, message: string | null): string {
  const text = [headline, message ?? ''].filter((part) => part !== '').join('. ').replace(/[\u2068\u2069]/g, '').replace(/https?:\/\/\S+/g, 'link').replace(/\s+/g, ' ').trim();
  const characters = [...text];
  if (characters.length <= mostSpokenCharacters) return text;
  return characters.slice(0, mostSpokenCharacters).join('').replace(/\s+\S*$/, '');
}

/** Reads alerts out, one after another. */
export class Speaker {
  readonly #voice: Voice | undefined;
  #waiting: { readonly alertId: string; readonly text: string }[] = [];
  /** Kept while it is spoken: browsers drop the events of an utterance that nobody holds. */
  #current: { readonly alertId: string; readonly utterance: Utterance; readonly timer: ReturnType<typeof setTimeout> } | undefined;
  #isOn = false;

  /** Without a voice it stays silent. */
  constructor(voice: Voice | undefined) {
    this.#voice = voice;
  }

  /** Turned off, it falls silent at once. */
  set isOn(isOn: boolean) {
    this.#isOn = isOn;
    if (!isOn) this.hush(null);
  }

  say(alertId: string, text: string): void {
    if (!this.#isOn || !this.#voice || text === '') return;
    this.#waiting.push({ alertId, text });
    if (this.#waiting.length > mostWaiting) this.#waiting.shift();
    this.#next();
  }

  /** Of this alert nothing more is heard; null: of any. */
  hush(alertId: string | null): void {
    const isMeant = (text: { readonly alertId: string }) => alertId === null || text.alertId === alertId;
    this.#waiting = this.#waiting.filter((text) => !isMeant(text));
    if (!this.#current || !isMeant(this.#current)) return;
    this.#voice!.cancel();
    this.#done(this.#current.utterance);
  }

  #next(): void {
    if (this.#current) return;
    const next = this.#waiting.shift();
    if (!next) return;
    const utterance = this.#voice!.prepare(next.text);
    for (const end of ['end', 'error'] as const) utterance.addEventListener(end, () => this.#done(utterance));
    const timer = setTimeout(() => {
      this.#voice!.cancel();
      this.#done(utterance);
    }, longestMs);
    this.#current = { alertId: next.alertId, utterance, timer };
    this.#voice!.speak(utterance);
  }

  #done(utterance: Utterance): void {
    if (this.#current?.utterance !== utterance) return;
    clearTimeout(this.#current.timer);
    this.#current = undefined;
    this.#next();
  }
}
