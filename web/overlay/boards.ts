import { element } from './dom.ts';
import { chosenGoal, percentOf, shareOf } from './goals.ts';
import type { Alert, Goal, OverlayPayload, Supporter } from './operations.ts';
import type { OverlayOptions } from './options.ts';
import { paced } from './pace.ts';
import { shortSum } from './sums.ts';

/** A widget that shows how things stand, and is told of every change. */
export interface Board {
  receive(payload: OverlayPayload): void;
}

/** How far a goal has come: one bar, for the goal that the address names or else the newest that is not reached. */
export class GoalBar implements Board {
  readonly #root: HTMLElement;
  readonly #goalId: string | null;
  readonly #locale: string;
  readonly #say: (text: string) => void;
  #goals: Goal[] = [];

  /** `say` is told when the address names a goal that is not there, and nothing when it is. */
  constructor(root: HTMLElement, { goalId, locale }: Pick<OverlayOptions, 'goalId' | 'locale'>, say: (text: string) => void) {
    this.#root = root;
    this.#goalId = goalId;
    this.#locale = locale;
    this.#say = say;
  }

  receive(payload: OverlayPayload): void {
    if (payload.__typename === 'OverlayState') this.#goals = [...payload.goals];
    else if (payload.__typename === 'Goal') this.#goals = [...this.#goals.filter(({ id }) => id !== payload.id), payload];
    else return;
    const goal = chosenGoal(this.#goals, this.#goalId);
    this.#root.replaceChildren(...(goal ? [goalElement(goal, this.#locale)] : []));
    this.#say(goal || this.#goalId === null ? '' : `The address says goal=${this.#goalId.slice(0, 40)}; the page has no such goal, or it was archived.`);
  }
}

function goalElement(goal: Goal, locale: string): HTMLElement {
  const share = shareOf(goal);
  const box = element('section', 'goal');
  Object.assign(box.dataset, { goalId: goal.id, reached: String(goal.reachedAt !== null) });
  box.style.setProperty('--goal-share', String(share));
  const bar = element('div', 'goal-bar');
  bar.append(element('div', 'goal-fill'));
  const figures = element('p', 'goal-figures');
  figures.append(
    element('span', 'goal-raised', shortSum(goal.raised, locale)),
    element('span', 'goal-percent', `${percentOf(goal)} %`),
    element('span', 'goal-target', shortSum(goal.target, locale)),
  );
  box.append(element('p', 'goal-title', goal.title), bar, figures);
  return box;
}

/** Who gave most. */
export class TopTippers implements Board {
  readonly #root: HTMLElement;
  readonly #rows: number;
  readonly #locale: string;

  constructor(root: HTMLElement, { rows, locale }: Pick<OverlayOptions, 'rows' | 'locale'>) {
    this.#root = root;
    this.#rows = rows;
    this.#locale = locale;
  }

  receive(payload: OverlayPayload): void {
    if (payload.__typename !== 'OverlayState') return;
    const list = element('ol', 'tippers');
    list.append(...payload.topTippers.slice(0, this.#rows).map((tipper) => tipperElement(tipper, this.#locale)));
    this.#root.replaceChildren(list);
  }
}

function tipperElement({ displayName, total }: Supporter, locale: string): HTMLElement {
  const line = element('li', 'tipper');
  line.append(element('span', 'tipper-name', displayName), element('span', 'tipper-total', shortSum(total, locale)));
  return line;
}

const notListed = new Set(['HELD', 'DENIED', 'SKIPPED']);

/** What happened lately, the newest first. What comes faster than lines may appear is gathered, and drawn together. */
export class EventList implements Board {
  readonly #list = element('ul', 'events');
  readonly #rows: number;
  /** By its id, in the order in which it came. */
  readonly #gathered = new Map<string, Alert>();
  readonly #drawSoon = paced(() => this.#draw());

  constructor(root: HTMLElement, rows: number) {
    this.#rows = rows;
    root.append(this.#list);
  }

  receive(payload: OverlayPayload): void {
    if (payload.__typename === 'AlertCommand') this.#remove(payload.alertId);
    if (payload.__typename !== 'Alert') return;
    if (notListed.has(payload.state)) return this.#remove(payload.id);
    this.#gathered.set(payload.id, payload);
    this.#drawSoon();
  }

  #draw(): void {
    const came = [...this.#gathered.values()];
    this.#gathered.clear();
    for (const alert of came) {
      const line = eventElement(alert);
      const there = this.#line(alert.id);
      line.dataset.together = String(there !== undefined || came.length > 1);
      if (there) there.replaceWith(line);
      else this.#list.prepend(line);
      if (this.#list.children.length > this.#rows) this.#list.lastElementChild!.remove();
    }
  }

  #remove(alertId: string | null): void {
    if (alertId === null) return;
    this.#gathered.delete(alertId);
    this.#line(alertId)?.remove();
  }

  #line(alertId: string): Element | undefined {
    return [...this.#list.children].find((line) => (line as HTMLElement).dataset.alertId === alertId);
  }
}

function eventElement(alert: Alert): HTMLElement {
  const line = element('li', 'event');
  Object.assign(line.dataset, { alertId: alert.id, kind: alert.kind, variant: alert.variant });
  line.append(element('span', 'event-headline', alert.headline));
  if (alert.message) line.append(element('span', 'event-message', alert.message));
  return line;
}
