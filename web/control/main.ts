import { createApi, type Api } from '../shared/api.ts';
import { el, messageOf } from '../shared/dom.ts';
import { ApiFailure } from '../shared/failure.ts';
import { Session } from '../shared/session.ts';
import { signInForms } from '../shared/sign-in.ts';
import { Board } from './board.ts';
import { viewerQuery, type Page } from './queue.ts';

const againAfterMs = 3_000;

const main = document.querySelector('main')!;
const top = document.querySelector('header')!;
const [heading] = top.children as unknown as [HTMLHeadingElement];

const session = new Session();
const live = el('span', { role: 'status', class: 'chip' });
const api: Api = createApi({ token: session.token, onLive: showLive });
let stop = () => {};
let board: Board | null = null;

interface ViewerAnswer {
  readonly viewer: { readonly displayName: string; readonly creator: Page | null; readonly moderates: readonly Page[] } | null;
}

/** Shows what the account that is signed in may see. Said again and again while the server does not answer. */
async function open(problem = ''): Promise<void> {
  stop();
  try {
    const { viewer } = await api.ask<ViewerAnswer>(viewerQuery);
    if (!viewer) showSignIn(problem);
    else choose(viewer);
  } catch (error) {
    if (error instanceof ApiFailure && error.code === 'UNAUTHENTICATED') return refuseToken(error);
    openAgain(messageOf(error));
  }
}

function openAgain(problem: string): void {
  stop();
  main.replaceChildren(el('p', { role: 'alert' }, `${problem} Asking again in a moment.`));
  setTimeout(() => void open(problem), againAfterMs);
}

function refuseToken({ message }: ApiFailure): void {
  session.useToken('');
  showSignIn(message);
}

function showSignIn(problem: string): void {
  top.replaceChildren(heading);
  main.replaceChildren(...(problem === '' ? [] : [el('p', { role: 'alert' }, problem)]), signInForms(session, () => open(), { canSignUp: false }));
  main.querySelector('input')?.focus();
}

function choose(viewer: NonNullable<ViewerAnswer['viewer']>): void {
  const pages = [...(viewer.creator ? [viewer.creator] : []), ...viewer.moderates];
  const [first] = pages;
  const account = [el('span', { class: 'quiet' }, viewer.displayName), el('button', { type: 'button', onclick: () => void leave() }, 'Sign out')];
  if (!first) {
    top.replaceChildren(heading, el('span', { class: 'grow' }), ...account);
    main.replaceChildren(el('p', {}, 'This account runs no creator page and moderates none. ', el('a', { href: '/setup/' }, 'Set one up.')));
    return;
  }
  const asked = new URLSearchParams(location.hash.slice(1)).get('page');
  const page = pages.find(({ id }) => id === asked) ?? first;
  const setup = page.id === viewer.creator?.id ? el('a', { href: '/setup/' }, 'Set up') : null;
  top.replaceChildren(heading, ...pagePicker(pages, page), live, el('span', { class: 'grow' }), ...(setup ? [setup] : []), ...account);
  show(page, page.id === viewer.creator?.id);
}

function pagePicker(pages: readonly Page[], page: Page): HTMLElement[] {
  if (pages.length === 1) return [el('span', {}, page.displayName)];
  const onchange = ({ target }: Event & { target: HTMLSelectElement }) => {
    location.hash = `page=${target.value}`;
    void open();
  };
  const options = pages.map(({ id, displayName, handle }) => el('option', { value: id, selected: id === page.id }, `${displayName} (${handle})`));
  return [el('select', { 'aria-label': 'Page', onchange }, ...options)];
}

function show(page: Page, isOwner: boolean): void {
  const shown = new Board({ api, page, isOwner, refused: ({ message }) => openAgain(message) });
  showLive(false);
  main.replaceChildren(shown.element);
  const stopBoard = shown.start();
  board = shown;
  stop = () => {
    board = null;
    stopBoard();
  };
}

function showLive(isLive: boolean): void {
  live.textContent = isLive ? 'Live' : 'Connecting…';
  live.className = `chip ${isLive ? 'good' : 'bad'}`;
  if (!isLive) board?.markStale();
}

async function leave(): Promise<void> {
  stop();
  try {
    await session.signOut();
  } catch {
    // Signed out already, or no answer: what the server says next is what counts.
  }
  location.hash = '';
  location.reload();
}

void open();
