import type { Voice } from './speech.ts';

/** The browser's speech synthesis; undefined where there is none. `volume` is 0 to 1. */
export function browserVoice(locale: string, volume: number): Voice | undefined {
  if (!('speechSynthesis' in window) || volume === 0) return undefined;
  return {
    prepare: (text) => Object.assign(new SpeechSynthesisUtterance(text), { lang: locale, volume }),
    speak: (utterance) => window.speechSynthesis.speak(utterance as SpeechSynthesisUtterance),
    cancel: () => window.speechSynthesis.cancel(),
  };
}
