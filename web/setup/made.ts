import { themes, widgets } from '../overlay/options.ts';
import { actionButton, el, messageOf } from '../shared/dom.ts';
import type { MadeOverlay, Setup } from './account.ts';
import { addressFor } from './address.ts';

const width = 800;
const widgetNames: Record<string, string> = { alerts: 'Alerts', goal: 'Goal bar', 'top-tippers': 'Top tippers', 'event-list': 'Last events' };

/** The address of an overlay that was just made, what to do with it in OBS, and the overlay itself beside it. */
export class MadePanel {
  readonly element: HTMLElement;
  readonly #setup: Setup;
  readonly #made: MadeOverlay;
  readonly #address = el('input', { id: 'address', type: 'password', readonly: true, autocomplete: 'off' });
  readonly #said = el('p', { role: 'status', class: 'quiet' });
  readonly #preview = el('div', { class: 'preview' });
  readonly #heading: HTMLHeadingElement;
  #widget = 'alerts';
  #theme: string = themes[0];

  constructor(setup: Setup, made: MadeOverlay) {
    this.#setup = setup;
    this.#made = made;
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

  async sendTest(): Promise<void> {
    try {
      const isPaused = await this.#setup.sendTest();
      this.#say(isPaused ? 'The queue is paused, so nothing is shown.' : 'A test alert was sent.');
      if (isPaused) this.#said.append(' ', actionButton('Play', () => this.#play()));
    } catch (error) {
      this.#say(messageOf(error));
    }
  }

  async #play(): Promise<void> {
    await this.#setup.play().then(() => this.#say('The queue is playing.'), (error: unknown) => this.#say(messageOf(error)));
  }

  #addressPart(): HTMLElement {
    const reveal = el('button', { type: 'button', 'aria-pressed': 'false', onclick: () => this.#reveal(reveal) }, 'Show');
    const pick = (label: string, options: Readonly<Record<string, string>>, chosen: (value: string) => void) =>
      el('label', {}, `${label} `, el('select', {
        onchange: ({ target }: Event & { target: HTMLSelectElement }) => {
          chosen(target.value);
          this.#refresh();
        },
      }, ...Object.entries(options).map(([value, text]) => el('option', { value }, text))));
    return el(
      'div',
      { class: 'address' },
      el('label', { for: 'address' }, 'Address for OBS'),
      el('div', { class: 'row' }, this.#address, actionButton('Copy', () => this.#copy(), { class: 'primary' }), reveal),
      el('p', { class: 'hint' }, 'Shown this once. Whoever has it can show your alerts: keep it off the stream. "New address" below makes another and ends this one.'),
      el(
        'div',
        { class: 'row' },
        pick('Widget', Object.fromEntries(Object.keys(widgets).map((name) => [name, widgetNames[name] ?? name])), (value) => (this.#widget = value)),
        pick('Theme', Object.fromEntries(themes.map((name) => [name, name])), (value) => (this.#theme = value)),
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
    this.#preview.replaceChildren(el('iframe', { src, title: 'The overlay', allow: 'autoplay', width: 800, height: 600 }));
    this.#fit();
  }

  #fit(): void {
    const frame = this.#preview.querySelector('iframe');
    if (frame) frame.style.transform = `scale(${this.#preview.clientWidth / width})`;
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
