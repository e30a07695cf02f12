import { isWanted } from '../shared/ask.ts';
import { actionButton, el, field, form, messageOf } from '../shared/dom.ts';
import { presenceOf } from '../shared/presence.ts';
import type { Creator, MadeOverlay, Overlay, Setup } from './account.ts';
import { sendTest } from './test-alert.ts';

export interface OverlaysPart {
  readonly element: HTMLElement;
  /** Shows who is connected now. */
  update(overlays: readonly Overlay[]): void;
}

export interface Wishes {
  readonly setup: Setup;
  readonly creator: Creator;
  /** An overlay was made, or has a new address. */
  readonly made: (made: MadeOverlay) => Promise<void>;
  /** Something else changed: the lists have to be read again. */
  readonly changed: () => Promise<void>;
}

/** The overlays there are, and the form that makes one. */
export function overlaysPart({ setup, creator, made, changed }: Wishes): OverlaysPart {
  const { overlays } = creator.dashboard;
  const problem = el('p', { role: 'alert', class: 'problem' });
  const said = el('p', { role: 'status', class: 'quiet' });
  const states = new Map(overlays.map(({ id }) => [id, el('span', { class: 'quiet' })]));
  let latest: readonly Overlay[] = overlays;
  const test = (id: string) => sendTest(setup, said, () => [whereSeen(id, latest)]);
  const rows = overlays.map(({ id, name }) =>
    el(
      'li',
      {},
      el('bdi', { class: 'grow' }, name),
      states.get(id)!,
      el(
        'span',
        { class: 'row' },
        actionButton('Send a test alert', () => test(id), { 'aria-label': `Send a test alert to ${name}` }),
        actionButton('New address', () => told(problem, () => rotate(name, async () => made(await setup.rotate(id)))), { 'aria-label': `New address for ${name}` }),
        actionButton('Delete', () => told(problem, () => remove(name, () => setup.delete(id).then(changed))), { 'aria-label': `Delete ${name}`, class: 'danger' }),
      ),
    ));
  const first = overlays.length === 0;
  const make = form(
    'Make an overlay',
    [field({ name: 'overlay', label: 'Name', value: first ? 'Stream' : '', hint: 'For you to tell overlays apart. Nobody else sees it.' })],
    'Make the overlay and show a test alert',
    async (given) => made(await setup.makeOverlay(given.overlay!)),
  );
  const element = el(
    'section',
    { class: 'card', 'aria-labelledby': 'overlays' },
    el('h2', { id: 'overlays', tabindex: -1 }, 'Overlays'),
    first ? el('p', {}, 'An overlay is a page that OBS lays over your stream. It shows alerts as they come.') : el('ul', { class: 'things' }, ...rows),
    said,
    problem,
    first ? make : el('details', {}, el('summary', {}, 'Make another overlay'), make),
  );
  const update = (now: readonly Overlay[]) => {
    if (now.length > 0) latest = now;
    for (const overlay of now) {
      const state = states.get(overlay.id);
      const text = stateOf(overlay);
      if (state && state.textContent !== text) state.textContent = text;
    }
  };
  update(overlays);
  return { element, update };
}

async function rotate(name: string, work: () => Promise<void>): Promise<void> {
  const text = 'Where the address of now is in use, alerts stop within five seconds, until you paste the new one there.';
  if (await isWanted({ title: `A new address for "${name}"?`, text, yes: 'Make a new address' })) await work();
}

async function remove(name: string, work: () => Promise<void>): Promise<void> {
  const text = 'Its address stops working for good, wherever it is in use. Alerts that wait are kept.';
  if (await isWanted({ title: `Delete "${name}"?`, text, yes: 'Delete the overlay' })) await work();
}

function stateOf({ sources, lastSeenAt }: Overlay): string {
  const { presence, count } = presenceOf(sources);
  switch (presence) {
    case 'seen':
      return count === 1 ? 'connected' : `connected ${count} times`;
    case 'hidden':
      return 'hidden in OBS: alerts wait';
    case 'elsewhere':
      return 'connected, without alerts';
    case 'nowhere':
      return lastSeenAt === null ? 'never connected' : `last seen ${new Date(lastSeenAt).toLocaleString()}`;
  }
}

/** Where a test alert will be seen that was sent from the line of one overlay: all of a page's overlays show the same. */
function whereSeen(id: string, overlays: readonly Overlay[]): string {
  const asked = overlays.find((overlay) => overlay.id === id);
  if (!asked) return 'A test alert was sent.';
  const { presence } = presenceOf(asked.sources);
  if (presence === 'seen') return `A test alert was sent. "${asked.name}" shows it in its turn.`;
  const why = {
    hidden: 'is hidden in OBS', elsewhere: 'is open with another widget than alerts', nowhere: 'is not open anywhere',
  }[presence];
  const others = overlays.filter((overlay) => presenceOf(overlay.sources).presence === 'seen').map(({ name }) => `"${name}"`);
  const then = others.length > 0 ? `It shows on ${others.join(', ')}.` : 'It waits until an overlay can show it.';
  return `A test alert was sent, but "${asked.name}" ${why}. ${then}`;
}

/** Who moderates the page, and the form that adds somebody. */
export function moderatorsPart({ setup, creator, changed }: Wishes): HTMLElement {
  const { moderators } = creator.dashboard;
  const problem = el('p', { role: 'alert', class: 'problem' });
  const rows = moderators.map(({ id, displayName }) =>
    el(
      'li',
      {},
      el('bdi', { class: 'grow' }, displayName),
      actionButton('Remove', () => told(problem, () => setup.removeModerator(id).then(changed)), { 'aria-label': `Remove ${displayName}` }),
    ));
  const add = form('Add a moderator', [field({ name: 'moderator', label: 'E-mail of an account here', type: 'email' })], 'Add', async (given) => {
    await setup.addModerator(given.moderator!);
    await changed();
  });
  return el(
    'section',
    { class: 'card', 'aria-labelledby': 'moderators' },
    el('h2', { id: 'moderators', tabindex: -1 }, 'Moderators'),
    el('p', { class: 'quiet' }, 'They see the queue on the control page and may approve, deny, skip, replay and pause.'),
    ...(rows.length === 0 ? [] : [el('ul', { class: 'things' }, ...rows)]),
    problem,
    add,
  );
}

/** Runs a change and says what went wrong. */
async function told(problem: HTMLElement, change: () => Promise<unknown>): Promise<void> {
  problem.textContent = '';
  try {
    await change();
  } catch (error) {
    problem.textContent = messageOf(error);
  }
}
