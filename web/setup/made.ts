import { themes, widgets } from '../overlay/options.ts';
import { actionButton, el } from '../shared/dom.ts';
import type { MadeOverlay, Setup } from './account.ts';
import { addressFor } from './address.ts';
import { sendTest } from './test-alert.ts';

const width = 800;
const leaveMs = 2_000;
const widgetNames: Record<string, string> = { alerts: 'Alerts', goal: 'Goal bar', 'top-tippers': 'Top tippers', 'event-list': 'Last events' };
/** What a widget says while it is empty. The overlay itself says nothing then: nobody wants that on stream. */
const emptyNotes: Record<string, string> = {
  alerts: 'Nothing is showing now.',
  goal: 'No goal yet. The bar is here once your page has one.',
  'top-tippers': 'No tips yet. Who gave most is listed here from the first tip on.',
  'event-list': 'Nothing has happened yet. Alerts are listed here as they come.',
};
const filled = '.alert, .goal, .tipper, .event';

/** The address of an overlay that was just made, what to do with it in OBS, and the overlay itself beside it. */
export class MadePanel {
  readonly element: HTMLElement;
  readonly #setup: Setup;
  readonly #made: MadeOverlay;
  readonly #address = el('input', { id: 'address', type: 'password', readonly: true, autocomplete: 'off' });
  readonly #said = el('p', { role: 'status', class: 'quiet' });
  readonly #preview = el('div', { class: 'preview' });
  readonly #heading: HTMLHeadingElement;
  readonly #empty = el('p', { class: 'empty' });
  readonly #widgetPick: HTMLSelectElement;
  #widget = 'alerts';
  #theme: string = themes[0];

  constructor(setup: Setup, made: MadeOverlay) {
    this.#setup = setup;
    this.#made = made;
    this.#widgetPick = this.#pick('widget', Object.fromEntries(Object.keys(widgets).map((name) => [name, widgetNames[name] ?? name])), (value) => (this.#widget = value));
    this.#heading = el('h2', { id: 'made', tabindex: -1 }, `Overlay "${made.overlay.name}"`);
    this.element = el(
      'section',
      { class: 'card', 'aria-labelledby': 'made' },
      this.#heading,
      el('div', { class: 'made' }, el('div', { class: 'things' }, this.#addressPart(), obsSteps()), this.#previewPart()),
    );
    this.#refresh();
    // The frame is drawn at the size that OBS gives it, and shrunk to the room there is.
    new ResizeObserver(() => this.#fit()).observe(this.#preview);
  }

  focus(): void {
    this.#heading.focus();
  }

  sendTest(): Promise<void> {
    return sendTest(this.#setup, this.#said, () => (this.#widget === 'alerts' ? ['A test alert was sent.'] : this.#notHere()));
  }

  #notHere(): (Node | string)[] {
    const turn = el('button', { type: 'button', onclick: () => this.#turnTo('alerts') }, 'Show alerts here');
    return [`A test alert was sent. It shows on overlays with alerts; this one is set to "${widgetNames[this.#widget]}". `, turn];
  }

  #turnTo(widget: string): void {
    this.#widget = widget;
    this.#widgetPick.value = widget;
    this.#refresh();
    this.#say('');
    this.#widgetPick.focus();
  }

  #pick(id: string, options: Readonly<Record<string, string>>, chosen: (value: string) => void): HTMLSelectElement {
    const onchange = ({ target }: Event & { target: HTMLSelectElement }) => {
      chosen(target.value);
      this.#say('');
      this.#refresh();
    };
    return el('select', { id, onchange }, ...Object.entries(options).map(([value, text]) => el('option', { value }, text)));
  }

  #addressPart(): HTMLElement {
    const reveal = el('button', { type: 'button', 'aria-pressed': 'false', onclick: () => this.#reveal(reveal) }, 'Show');
    const themePick = this.#pick('theme', Object.fromEntries(themes.map((name) => [name, name])), (value) => (this.#theme = value));
    return el(
      'div',
      { class: 'address' },
      el('label', { for: 'address' }, 'Address for OBS'),
      el('div', { class: 'row' }, this.#address, actionButton('Copy', () => this.#copy(), { class: 'primary' }), reveal),
      el('p', { class: 'hint' }, 'Shown this once. Whoever has it can show your alerts: keep it off the stream. "New address" below makes another and ends this one.'),
      el(
        'div',
        { class: 'row' },
        el('span', {}, el('label', { for: 'widget' }, 'Widget'), ' ', this.#widgetPick),
        el('span', {}, el('label', { for: 'theme' }, 'Theme'), ' ', themePick),
      ),
    );
  }

  #previewPart(): HTMLElement {
    return el(
      'div',
      { class: 'things' },
      this.#preview,
      el('div', { class: 'row' }, actionButton('Send a test alert', () => this.sendTest()), this.#said),
      el('p', { class: 'hint' }, 'This is the overlay itself, not a picture: alerts that wait are shown here too, and count as shown.'),
    );
  }

  #refresh(): void {
    this.#address.value = addressFor(this.#made.url, this.#widget, this.#theme);
    // By the name under which this page was opened: it may be another one of this server's than the address has.
    const { pathname, hash } = new URL(this.#address.value);
    const src = `${location.origin}${pathname}${hash}`;
    const onload = ({ target }: Event & { target: HTMLIFrameElement }) => this.#watch(target);
    this.#empty.textContent = '';
    for (const frame of this.#preview.querySelectorAll('iframe')) takeLeave(frame);
    this.#preview.append(el('iframe', { src, title: 'The overlay', allow: 'autoplay', width: 800, height: 600, onload }), this.#empty);
    this.#fit();
  }

  /** Says why nothing is seen, as long as nothing is. */
  #watch(frame: HTMLIFrameElement): void {
    const page = frame.contentDocument?.documentElement;
    if (!page) return;
    const note = emptyNotes[this.#widget] ?? '';
    const look = () => {
      if (isLeaving(frame)) return;
      this.#empty.textContent = page.dataset.link === 'live' && !page.querySelector(filled) ? note : '';
    };
    new MutationObserver(look).observe(page, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-link'] });
    look();
  }

  #fit(): void {
    for (const frame of this.#preview.querySelectorAll('iframe')) frame.style.transform = `scale(${this.#preview.clientWidth / width})`;
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.#address.value);
      this.#say('The address was copied.');
    } catch {
      // Browsers lend the clipboard to https and to this machine alone.
      this.#address.type = 'text';
      this.#address.select();
      this.#say('Your browser does not let this page copy: press Ctrl and C.');
    }
  }

  #reveal(button: HTMLButtonElement): void {
    const isShown = this.#address.type === 'text';
    this.#address.type = isShown ? 'password' : 'text';
    button.textContent = isShown ? 'Show' : 'Hide';
    button.setAttribute('aria-pressed', String(!isShown));
  }

  #say(text: string): void {
    this.#said.textContent = text;
  }
}

/** Tells a frame that it is hidden, in the way of OBS, and lets it give back what it is showing before it goes. */
function takeLeave(frame: HTMLIFrameElement): void {
  if (isLeaving(frame)) return;
  frame.className = 'leaving';
  frame.removeAttribute('title');
  frame.contentWindow?.dispatchEvent(new CustomEvent('obsSourceVisibleChanged', { detail: { visible: false } }));
  setTimeout(() => frame.remove(), leaveMs);
}

function isLeaving(frame: HTMLIFrameElement): boolean {
  return frame.classList.contains('leaving');
}

function obsSteps(): HTMLElement {
  const steps = [
    'In OBS, press + under Sources and choose Browser.',
    'Paste the address into URL. Leave the width at 800 and the height at 600.',
    'Tick "Control audio via OBS", so that the alerts\' sound goes into the stream.',
    'Leave "Shutdown source when not visible" and "Refresh browser when scene becomes active" unticked: the overlay itself waits while it is hidden.',
    'To hear alerts yourself: Advanced Audio Properties, "Monitor and Output".',
  ];
  return el('ol', { class: 'steps' }, ...steps.map((step) => el('li', {}, step)));
}
