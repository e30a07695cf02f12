import { actionButton, el, field, form, messageOf } from '../shared/dom.ts';
import type { Creator, MadeOverlay, Overlay, Setup } from './account.ts';

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
  const states = new Map(overlays.map(({ id }) => [id, el('span', { class: 'quiet' })]));
  const rows = overlays.map(({ id, name }) =>
    el(
      'li',
      {},
      el('bdi', { class: 'grow' }, name),
      states.get(id)!,
      actionButton('New address', () => told(problem, async () => made(await setup.rotate(id))), { 'aria-label': `New address for ${name}` }),
      actionButton('Delete', () => told(problem, () => setup.delete(id).then(changed)), { 'aria-label': `Delete ${name}` }),
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
    problem,
    first ? make : el('details', {}, el('summary', {}, 'Make another overlay'), make),
  );
  const update = (now: readonly Overlay[]) => {
    for (const overlay of now) {
      const state = states.get(overlay.id);
      const text = stateOf(overlay);
      if (state && state.textContent !== text) state.textContent = text;
    }
  };
  update(overlays);
  return { element, update };
}

function stateOf({ connections, lastSeenAt }: Overlay): string {
  if (connections > 0) return connections === 1 ? 'connected' : `connected ${connections} times`;
  return lastSeenAt === null ? 'never connected' : `last seen ${new Date(lastSeenAt).toLocaleString()}`;
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
