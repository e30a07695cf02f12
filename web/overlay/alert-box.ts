import type { Stage } from './alert-player.ts';
import { element } from './dom.ts';
import type { Alert } from './operations.ts';
import type { Sound } from './sound.ts';
import { spokenText, type Speaker } from './speech.ts';

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
  const amount = alert.amount?.formatted;
  // The headline usually says it already.
  if (amount !== undefined && !alert.headline.includes(amount)) box.append(element('p', 'alert-amount', amount));
  if (alert.message) box.append(element('p', 'alert-message', alert.message));
  return box;
}
