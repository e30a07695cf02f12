import type { Stage } from './alert-player.ts';
import { element } from './dom.ts';
import type { Alert } from './operations.ts';
import type { Sound } from './sound.ts';
import { spokenText, type Speaker } from './speech.ts';

/** Of the size that is usual: below it, a long word is rather broken. */
const smallestFit = 0.6;

/** The box in which an alert is seen, with its sound and its voice. What it is stands in `data-` attributes, for themes to tell apart. */
export class AlertBox implements Stage {
  readonly #root: HTMLElement;
  readonly #sound: Sound;
  readonly #speaker: Speaker;
  #box: { readonly alertId: string; readonly node: HTMLElement; isLeaving: boolean } | undefined;
  /** Whose sound was the last to be played. */
  #soundOf: string | undefined;

  constructor(root: HTMLElement, sound: Sound, speaker: Speaker) {
    this.#root = root;
    this.#sound = sound;
    this.#speaker = speaker;
  }

  show(alert: Alert): void {
    const node = alertElement(alert);
    this.#box = { alertId: alert.id, node, isLeaving: false };
    this.#root.replaceChildren(node);
    fit(node, alert);
    this.#soundOf = alert.id;
    void this.#sound.play(alert.kind);
    this.#speaker.say(alert.id, spokenText(alert.headline, alert.message));
  }

  leave(): void {
    if (!this.#box) return;
    this.#box.isLeaving = true;
    this.#box.node.dataset.phase = 'leaving';
  }

  clear(): void {
    if (!this.#box) return;
    // One that was stopped before its end is not heard any longer either; one that leaves by itself may ring out.
    if (!this.#box.isLeaving) this.silence(this.#box.alertId);
    this.#box = undefined;
    this.#root.replaceChildren();
  }

  silence(alertId: string | null): void {
    if (alertId === null || alertId === this.#soundOf) this.#sound.stop();
    this.#speaker.hush(alertId);
  }
}

function alertElement(alert: Alert): HTMLElement {
  const box = element('section', 'alert');
  Object.assign(box.dataset, { kind: alert.kind, variant: alert.variant, alertId: alert.id, test: String(alert.isTest), phase: 'entering' });
  box.append(element('div', 'alert-mark'), element('p', 'alert-headline', alert.headline));
  if (alert.amount) box.append(element('p', 'alert-amount', alert.amount.formatted));
  if (alert.message) box.append(element('p', 'alert-message', alert.message));
  return box;
}

/** Makes an alert that is in the page fit: no word broken that a smaller size saves, and the amount said once, where it can be read. */
function fit(box: HTMLElement, { headline, amount }: Alert): void {
  const [words, message] = ['.alert-headline', '.alert-message'].map((name) => box.querySelector<HTMLElement>(name));
  for (const text of [words, message]) if (text) fitWords(text);
  // The headline usually says it already, unless a long name pushed it out.
  const isCut = words !== null && words !== undefined && words.scrollHeight > words.clientHeight + 1;
  if (amount && headline.includes(amount.formatted) && !isCut) box.querySelector('.alert-amount')?.remove();
}

function fitWords(text: HTMLElement): void {
  text.style.overflowWrap = 'normal';
  const share = text.clientWidth / Math.max(1, text.scrollWidth);
  text.style.overflowWrap = '';
  if (share < 1) text.style.setProperty('--overlay-fit', Math.max(smallestFit, share * 0.98).toFixed(3));
}
