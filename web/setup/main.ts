import { createApi } from '../shared/api.ts';
import { el, field, form, messageOf } from '../shared/dom.ts';
import { ApiFailure } from '../shared/failure.ts';
import { Session } from '../shared/session.ts';
import { signInForms } from '../shared/sign-in.ts';
import { Setup, type Account, type Creator, type MadeOverlay } from './account.ts';
import { MadePanel } from './made.ts';
import { SettingsPart } from './settings.ts';
import { moderatorsPart, overlaysPart, type OverlaysPart, type Wishes } from './things.ts';

const againAfterMs = 3_000;
const lookEveryMs = 2_500;

const main = document.querySelector('main')!;
const top = document.querySelector('header')!;
const [heading] = top.children as unknown as [HTMLHeadingElement];

const session = new Session();
const setup = new Setup(createApi({ token: session.token }));
/** Stays in the page while the lists below are drawn anew: a frame that is moved loads again. */
const madePlace = el('div', { hidden: true });
const lists = el('div', { class: 'lists' });
let madeId: string | null = null;
let overlays: OverlaysPart | null = null;
let settings: SettingsPart | null = null;

/** Shows the next thing to do for the account that is signed in. */
async function open(): Promise<void> {
  try {
    const account = await setup.account();
    if (account) showAccount(account);
    else showSignIn('');
  } catch (error) {
    if (error instanceof ApiFailure && error.code === 'UNAUTHENTICATED') {
      session.useToken('');
      return showSignIn(error.message);
    }
    main.replaceChildren(el('p', { role: 'alert' }, `${messageOf(error)} Asking again in a moment.`));
    setTimeout(() => void open(), againAfterMs);
  }
}

function showSignIn(problem: string): void {
  overlays = null;
  settings = null;
  top.replaceChildren(heading);
  main.replaceChildren(...(problem === '' ? [] : [el('p', { role: 'alert' }, problem)]), signInForms(session, open, { canSignUp: true }));
  main.querySelector('input')?.focus();
}

function showAccount({ displayName, creator }: Account): void {
  top.replaceChildren(
    heading,
    el('span', { class: 'grow' }),
    el('a', { href: '/control/' }, 'Control page'),
    el('span', { class: 'quiet' }, displayName),
    el('button', { type: 'button', onclick: () => void leave() }, 'Sign out'),
  );
  if (creator) showThings(creator);
  else showPageForm();
}

function showPageForm(): void {
  const fields = [
    field({ name: 'displayName', label: 'Name', hint: 'As fans read it.', attributes: { maxlength: 80 } }),
    field({ name: 'handle', label: 'Handle', hint: '3 to 30 letters, digits and underscores, for links. It cannot be changed later.', attributes: { pattern: '\\w{3,30}' } }),
    field({ name: 'currency', label: 'Currency', value: 'USD', hint: 'The ISO 4217 code of what you are paid in. It cannot be changed later.', attributes: { pattern: '[A-Za-z]{3}', maxlength: 3 } }),
  ];
  const make = form('Make your page', fields, 'Make the page', async (given) => {
    await setup.makePage({ displayName: given.displayName!, handle: given.handle!, currency: given.currency!.toUpperCase() });
    await open();
  });
  main.replaceChildren(el('section', { class: 'card narrow', 'aria-labelledby': 'page' }, el('h2', { id: 'page' }, 'Your creator page'), make));
  main.querySelector('input')?.focus();
}

function showThings(creator: Creator): void {
  const wishes: Wishes = { setup, creator, made: showMade, changed: showAgain };
  overlays = overlaysPart(wishes);
  // What was typed there and not saved yet stays.
  if (settings?.creatorId !== creator.id) settings = new SettingsPart(setup, creator);
  lists.replaceChildren(overlays.element, settings.element, moderatorsPart(wishes));
  if (!lists.isConnected) main.replaceChildren(madePlace, lists);
  if (!creator.dashboard.overlays.some(({ id }) => id === madeId)) showPanel(null);
}

/** Reads the lists again after a change, and leaves the reader at the list that changed. */
async function showAgain(): Promise<void> {
  const list = document.activeElement?.closest('section')?.querySelector('h2')?.id;
  await open();
  if (list) document.getElementById(list)?.focus();
}

async function showMade(made: MadeOverlay): Promise<void> {
  const panel = new MadePanel(setup, made);
  await open();
  madeId = made.overlay.id;
  showPanel(panel);
  panel.focus();
  await panel.sendTest();
}

function showPanel(panel: MadePanel | null): void {
  madePlace.replaceChildren(...(panel ? [panel.element] : []));
  madePlace.hidden = !panel;
}

/** Who is connected changes by itself: only that is shown anew, so that nobody loses their place. */
async function look(): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    if (!overlays || document.hidden) continue;
    overlays?.update(await setup.overlays().catch(() => []));
  }
}

async function leave(): Promise<void> {
  try {
    await session.signOut();
  } catch {
    // Signed out already, or no answer: what the server says next is what counts.
  }
  location.reload();
}

void open();
void look();
