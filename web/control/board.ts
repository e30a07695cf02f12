import type { Api } from '../shared/api.ts';
import { actionButton, el, messageOf } from '../shared/dom.ts';
import { ApiFailure } from '../shared/failure.ts';
import { presenceOf, presenceWords, type Source } from '../shared/presence.ts';
import { AlertList } from './alert-list.ts';
import {
  doneNames, actionsFor, listsOf, moderateMutation, overlaysQuery, queueSubscription, stateMutation, testMutation,
  type Action, type Alert, type ListName, type Page, type Queue,
} from './queue.ts';
import { shortcuts, type Shortcut } from './shortcuts.ts';

const overlaysEveryMs = 5_000;
/** After a list moved by somebody else's doing, keys count for nothing this long: they were meant for the alert before. */
const quietMs = 600;

export interface BoardParts {
  readonly api: Api;
  readonly page: Page;
  /** The owner alone may see which overlays are connected. */
  readonly isOwner: boolean;
  /** The server ended the subscription: signed out, or a moderator no more. */
  readonly refused: (failure: ApiFailure) => void;
}

/** One creator's queue, live, and everything that can be done with it. */
export class Board {
  readonly element: HTMLElement;
  readonly #parts: BoardParts;
  readonly #stopped = new AbortController();
  readonly #status = el('p', { role: 'status', class: 'status quiet' });
  readonly #problem = el('p', { role: 'alert', class: 'problem' });
  readonly #stale = el('p', { role: 'status', class: 'stale-note' });
  readonly #connected = el('span', { class: 'chip' }, 'Overlay: …');
  readonly #state = el('span', { class: 'chip' }, '…');
  readonly #pause: HTMLButtonElement;
  readonly #lists: Record<ListName, AlertList>;
  #queue: Queue | null = null;
  #queueCameAt = 0;
  /** The problem that is shown is that the server did not answer. */
  #isUnreachable = false;
  /** Alerts that this window has just acted on: that they leave their list is no surprise. */
  readonly #acted = new Set<string>();
  #quietUntil = 0;

  constructor(parts: BoardParts) {
    this.#parts = parts;
    const list = (name: ListName, title: string, empty: string, folds = false) =>
      new AlertList({ name, title, empty, folds, act: (alert, action) => this.#act(alert, action) });
    this.#lists = {
      showing: list('showing', 'Showing now', 'Nothing is showing.'),
      held: list('held', 'Held for approval', 'Nothing is held.'),
      waiting: list('waiting', 'Waiting', 'Nothing waits.', true),
      recent: list('recent', 'Recent', 'Nothing was shown yet.', true),
    };
    this.#pause = actionButton('Pause', () => this.#toggle());
    const bar = el(
      'div',
      { class: 'row wide' },
      ...(parts.isOwner ? [this.#connected] : []),
      this.#state,
      this.#pause,
      actionButton('Send a test alert', () => this.#sendTest()),
      shortcuts(this.#shortcuts(), this.#stopped.signal),
    );
    const { showing, held, waiting, recent } = this.#lists;
    recent.element.classList.add('wide');
    // Until the queue is known, what is shown is not true.
    this.element = el('div', { class: 'board stale' }, bar, this.#said(), showing.element, held.element, waiting.element, recent.element);
  }

  /** Starts to watch. Answers how to stop. */
  start(): () => void {
    const { api, page, isOwner, refused } = this.#parts;
    const variables = { creatorId: page.id, locale: navigator.language };
    const stop = api.watch<{ alertQueueChanged: Queue }>(queueSubscription, variables, {
      next: ({ alertQueueChanged }) => this.#show(alertQueueChanged),
      refused,
    });
    if (isOwner) void this.#countOverlays();
    return () => {
      this.#stopped.abort();
      stop();
    };
  }

  /** The server is not heard any more: what is shown may have passed. */
  markStale(): void {
    this.element.classList.add('stale');
    this.#showPresence(null);
    if (this.#queue) this.#stale.textContent = `Not up to date: this is how it was at ${new Date(this.#queueCameAt).toLocaleTimeString()}. Connecting again…`;
  }

  #markFresh(): void {
    this.#queueCameAt = Date.now();
    this.element.classList.remove('stale');
    this.#stale.textContent = '';
    if (this.#isUnreachable) this.#say(null);
  }

  #said(): HTMLElement {
    return el('div', { class: 'wide' }, this.#stale, this.#status, this.#problem);
  }

  #show(queue: Queue): void {
    this.#markFresh();
    this.#queue = queue;
    const isPaused = queue.state === 'PAUSED';
    this.#state.textContent = isPaused ? 'Paused' : 'Playing';
    this.#state.className = `chip ${isPaused ? 'bad' : 'good'}`;
    this.#pause.textContent = isPaused ? 'Play' : 'Pause';
    const focused = this.#focused();
    const lists = listsOf(queue);
    const more = (name: ListName) => (name === 'waiting' ? queue.pendingCount - queue.pending.length : 0);
    const hasMoved = (Object.keys(lists) as ListName[]).map((name) => this.#lists[name].update(lists[name], more(name))).includes(true);
    if (!hasMoved || !focused) return;
    if (this.#acted.delete(focused.id)) return;
    this.#quietUntil = performance.now() + quietMs;
    this.#status.textContent = `${focused.headline} has left the list.`;
  }

  async #countOverlays(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      if (!document.hidden) await this.#lookForOverlays();
      await new Promise((resolve) => setTimeout(resolve, overlaysEveryMs));
    }
  }

  async #lookForOverlays(): Promise<void> {
    try {
      const { viewer } = await this.#parts.api.ask<OverlaysAnswer>(overlaysQuery);
      this.#showPresence((viewer?.creator?.dashboard?.overlays ?? []).flatMap(({ sources }) => sources));
    } catch {
      this.#showPresence(null);
    }
  }

  /** Null: nobody knows. */
  #showPresence(sources: readonly Source[] | null): void {
    this.#connected.textContent = sources ? presenceWords(sources) : 'Overlay: unknown';
    this.#connected.className = `chip ${sources ? (presenceOf(sources).presence === 'seen' ? 'good' : 'bad') : ''}`;
  }

  #focused(): Alert | null {
    return Object.values(this.#lists).map((list) => list.focused).find((alert) => alert !== null) ?? null;
  }

  #act(alert: Alert, action: Action): Promise<void> {
    this.#acted.add(alert.id);
    return this.#try(async () => {
      await this.#parts.api.change(moderateMutation, { input: { alertId: alert.id, action } });
      this.#status.textContent = `${doneNames[action]}: ${alert.headline}`;
    }).then((isDone) => {
      if (!isDone) this.#acted.delete(alert.id);
    });
  }

  async #toggle(): Promise<void> {
    if (!this.#queue) return;
    const state = this.#queue.state === 'PAUSED' ? 'PLAYING' : 'PAUSED';
    await this.#try(async () => {
      await this.#parts.api.change(stateMutation, { input: { creatorId: this.#parts.page.id, state } });
      this.#status.textContent = state === 'PAUSED' ? 'The queue is paused.' : 'The queue is playing.';
    });
  }

  async #sendTest(): Promise<void> {
    await this.#try(async () => {
      await this.#parts.api.change(testMutation, { input: { creatorId: this.#parts.page.id } });
      this.#status.textContent = 'A test alert was sent.';
    });
  }

  async #try(work: () => Promise<void>): Promise<boolean> {
    this.#say(null);
    try {
      await work();
      return true;
    } catch (error) {
      this.#say(error);
      return false;
    }
  }

  /** Shows what went wrong; null: nothing. */
  #say(problem: unknown): void {
    this.#isUnreachable = problem instanceof ApiFailure && problem.code === 'UNREACHABLE';
    this.#problem.textContent = problem === null ? '' : messageOf(problem);
  }

  #shortcuts(): Shortcut[] {
    const onAlert = (key: string, does: string, action: Action, otherwise: () => Alert | null): Shortcut => ({
      key,
      does,
      run: () => this.#actByKey(action, otherwise),
    });
    const nothing = () => null;
    return [
      { key: 'j', does: 'next alert', run: () => this.#step(1) },
      { key: 'k', does: 'alert before', run: () => this.#step(-1) },
      onAlert('a', 'approve the alert that has the focus, or go to the first that is held', 'APPROVE', nothing),
      onAlert('d', 'deny it', 'DENY', nothing),
      onAlert('s', 'skip it, or what is showing', 'SKIP', () => this.#queue?.showing ?? null),
      onAlert('r', 'replay it, or the last that was shown', 'REPLAY', () => this.#queue?.recent.find(({ state }) => state === 'SHOWN') ?? null),
      { key: 'p', does: 'pause or play', run: () => this.#pause.click() },
      { key: 't', does: 'send a test alert', run: () => void this.#sendTest() },
      { key: '?', does: 'this list', run: () => {} },
    ];
  }

  /** Acts on the alert in focus; without one, on what the key means then, or goes to where there is something to decide. */
  #actByKey(action: Action, otherwise: () => Alert | null): void {
    if (performance.now() < this.#quietUntil) return;
    const focused = this.#focused();
    const alert = focused ?? otherwise();
    if (alert && actionsFor(alert).includes(action)) void this.#act(alert, action);
    else if (alert) this.#status.textContent = `${alert.headline}: there is nothing to ${action.toLowerCase()}.`;
    else this.#focusFirst(this.#lists.held);
  }

  #focusFirst(list: AlertList): void {
    const [first] = list.alerts;
    if (first) list.focus(first.id);
    else this.#status.textContent = 'Go to an alert first, with j and k.';
  }

  #step(by: 1 | -1): void {
    const all = Object.values(this.#lists).flatMap((list) => list.alerts.map(({ id }) => ({ id, list })));
    const at = all.findIndex(({ id }) => id === this.#focused()?.id);
    const next = at < 0 ? all[by === 1 ? 0 : all.length - 1] : all[at + by];
    next?.list.focus(next.id);
  }
}

interface OverlaysAnswer {
  readonly viewer: { readonly creator: { readonly dashboard: { readonly overlays: readonly { readonly sources: readonly Source[] }[] } | null } | null } | null;
}
