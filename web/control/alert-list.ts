import { actionButton, el } from '../shared/dom.ts';
import { actionNames, actionsFor, marksOf, successorOf, type Action, type Alert, type ListName } from './queue.ts';

export interface AlertListParts {
  readonly name: ListName;
  readonly title: string;
  readonly empty: string;
  /** Whether long messages are cut short until somebody asks for the rest. */
  readonly folds: boolean;
  readonly act: (alert: Alert, action: Action) => Promise<void>;
}

interface Item {
  readonly element: HTMLLIElement;
  alert: Alert;
  /** What it was drawn from, so that what did not change is not drawn again, and keeps the focus. */
  drawn: string;
}

/** A titled list of alerts. An alert keeps its element while it is in the list. */
export class AlertList {
  readonly element: HTMLElement;
  readonly #parts: AlertListParts;
  readonly #heading: HTMLHeadingElement;
  readonly #list: HTMLUListElement;
  readonly #empty: HTMLParagraphElement;
  readonly #more = el('p', { class: 'quiet' });
  readonly #items = new Map<string, Item>();
  #ids: readonly string[] = [];

  constructor(parts: AlertListParts) {
    this.#parts = parts;
    const id = `list-${parts.name}`;
    this.#heading = el('h2', { id, tabindex: -1 }, parts.title);
    this.#list = el('ul', { 'aria-labelledby': id });
    this.#empty = el('p', { class: 'quiet' }, parts.empty);
    this.element = el('section', { class: `card ${parts.name}`, 'aria-labelledby': id }, this.#heading, this.#list, this.#empty, this.#more);
  }

  get alerts(): Alert[] {
    return this.#ids.map((id) => this.#items.get(id)!.alert);
  }

  /** The alert that the focus is on or in. */
  get focused(): Alert | null {
    const id = this.#focusedId();
    return id === null ? null : (this.#items.get(id)?.alert ?? null);
  }

  focus(alertId: string): void {
    this.#items.get(alertId)?.element.focus();
  }

  /** Shows these alerts, and how many there are beside. Answers true when the focused one left the list and the focus went to its successor. */
  update(alerts: readonly Alert[], more = 0): boolean {
    const focusedId = this.#focusedId();
    const focusedAction = (document.activeElement as HTMLElement | null)?.dataset.action;
    const index = focusedId === null ? -1 : this.#ids.indexOf(focusedId);
    this.#ids = alerts.map(({ id }) => id);
    for (const [id, { element }] of this.#items) {
      if (this.#ids.includes(id)) continue;
      element.remove();
      this.#items.delete(id);
    }
    alerts.forEach((alert, place) => this.#put(alert, place));
    const { name, title } = this.#parts;
    this.#heading.textContent = name === 'showing' ? title : `${title} (${alerts.length + more})`;
    this.#more.textContent = `and ${more} more`;
    this.#more.hidden = more === 0;
    this.#list.hidden = alerts.length === 0;
    this.#empty.hidden = alerts.length > 0;
    return focusedId !== null && this.#keepFocus(focusedId, focusedAction, index);
  }

  #focusedId(): string | null {
    const item = document.activeElement?.closest<HTMLElement>('li[data-alert]');
    return item && this.#list.contains(item) ? item.dataset.alert! : null;
  }

  #keepFocus(id: string, action: string | undefined, index: number): boolean {
    const kept = this.#items.get(id)?.element;
    if (kept) {
      // Elements that were moved or drawn again have lost it.
      if (!kept.contains(document.activeElement)) (kept.querySelector<HTMLElement>(`[data-action="${action}"]`) ?? kept).focus();
      return false;
    }
    const next = successorOf(this.#ids, index);
    if (next === null) this.#heading.focus();
    else this.focus(next);
    return true;
  }

  #put(alert: Alert, place: number): void {
    const item = this.#items.get(alert.id) ?? { element: el('li', { 'data-alert': alert.id, tabindex: -1 }), alert, drawn: '' };
    this.#items.set(alert.id, item);
    item.alert = alert;
    const drawn = JSON.stringify(alert);
    if (item.drawn !== drawn) item.element.replaceChildren(...this.#draw(alert));
    item.drawn = drawn;
    const there = this.#list.children[place];
    if (there !== item.element) this.#list.insertBefore(item.element, there ?? null);
  }

  #draw(alert: Alert): Node[] {
    const time = new Date(alert.createdAt);
    // The headline usually says it already.
    const amount = alert.amount === null || alert.headline.includes(alert.amount.formatted) ? null : `${alert.amount.formatted} · `;
    const marks = marksOf(alert).map((mark) => el('span', { class: 'mark' }, mark));
    const buttons = actionsFor(alert).map((action) =>
      actionButton(actionNames[action], () => this.#parts.act(alert, action), {
        'data-action': action,
        'aria-label': `${actionNames[action]}: ${alert.headline}`,
        class: action === 'APPROVE' ? 'primary' : null,
      }));
    return [
      el('p', { class: 'headline' }, el('bdi', {}, alert.headline), ...marks),
      el('p', { class: 'quiet' }, amount, el('time', { datetime: alert.createdAt }, time.toLocaleTimeString())),
      ...(alert.message === null ? [] : this.#drawMessage(alert.message)),
      ...(buttons.length === 0 ? [] : [el('div', { class: 'row' }, ...buttons)]),
    ];
  }

  #drawMessage(text: string): Node[] {
    const message = el('p', { class: 'message', dir: 'auto' }, text);
    if (!this.#parts.folds || !isLong(text)) return [message];
    message.classList.add('folded');
    const onclick = () => {
      const isFolded = message.classList.toggle('folded');
      more.textContent = isFolded ? 'Show all' : 'Show less';
      more.setAttribute('aria-expanded', String(!isFolded));
    };
    const more = el('button', { type: 'button', class: 'more', 'aria-expanded': 'false', onclick }, 'Show all');
    return [message, more];
  }
}

/** Surely more than the three lines that are left of it. */
function isLong(text: string): boolean {
  return text.length > 200 || text.split('\n').length > 3;
}
