import { el, field, form } from '../shared/dom.ts';
import type { Creator, Setup } from './account.ts';
import { changesOf, type Settings, type Variant } from './settings-change.ts';

/** What the creator wants of alerts, to be changed. It stays in the page as it is while the lists around it are read again. */
export class SettingsPart {
  readonly creatorId: string;
  readonly element: HTMLElement;
  readonly #setup: Setup;
  readonly #currency: string;
  readonly #said = el('p', { role: 'status', class: 'quiet' });
  #settings: Settings;

  constructor(setup: Setup, creator: Creator) {
    this.creatorId = creator.id;
    this.#setup = setup;
    this.#currency = creator.currency;
    this.#settings = { ...creator.dashboard.alertSettings, holdForApproval: creator.tipSettings.holdForApproval };
    const fields = [this.#switches(), this.#texts(), ...this.#settings.variants.map((variant, index) => this.#look(variant, index))];
    const settings = form('Alert settings', fields, 'Save the settings', (given) => this.#save(given));
    settings.classList.add('settings');
    // The browser would check less than the server, in other words.
    settings.noValidate = true;
    settings.addEventListener('input', () => (this.#said.textContent = ''));
    settings.append(this.#said);
    this.element = el('section', { class: 'card', 'aria-labelledby': 'settings' }, el('h2', { id: 'settings', tabindex: -1 }, 'Settings'), settings);
  }

  async #save(given: Readonly<Record<string, string>>): Promise<void> {
    this.#said.textContent = '';
    const { alerts, holds } = changesOf(this.#settings, given, this.#currency);
    if (alerts) this.#settings = { ...this.#settings, ...(await this.#setup.changeAlertSettings(alerts)) };
    if (holds !== null) {
      await this.#setup.holdForApproval(holds);
      this.#settings = { ...this.#settings, holdForApproval: holds };
    }
    this.#said.textContent = alerts || holds !== null ? 'Saved.' : 'Nothing was changed.';
  }

  #switches(): HTMLElement {
    const { holdForApproval, speech, hideAmountsFromModerators } = this.#settings;
    return el(
      'div',
      { class: 'switches' },
      toggle('holdForApproval', 'Hold messages until they are approved', 'On the control page, by you or a moderator.', holdForApproval),
      toggle('speech', 'Read alerts aloud', 'By the voices of the computer that shows the overlay.', speech),
      toggle('hideAmountsFromModerators', 'Hide amounts from moderators', 'They see who, and what was written.', hideAmountsFromModerators),
    );
  }

  #texts(): HTMLElement {
    const { minimum, blockedWords } = this.#settings;
    return el(
      'div',
      { class: 'pair' },
      field({ name: 'minimum', label: `Least amount (${this.#currency})`, value: minimum.amount, hint: 'Of tips and memberships that are shown. Empty: whatever your page accepts.', attributes: optional }),
      el(
        'div',
        { class: 'field' },
        el('label', { for: 'field-blockedWords' }, 'Blocked words'),
        el('textarea', { id: 'field-blockedWords', name: 'blockedWords', rows: 3, spellcheck: 'false', 'aria-describedby': 'field-blockedWords-hint' }, blockedWords.join('\n')),
        el('p', { id: 'field-blockedWords-hint', class: 'hint' }, 'One a line, masked beside common profanity.'),
      ),
    );
  }

  #look({ name, from, headline, durationMs }: Variant, index: number): HTMLElement {
    const isOnly = this.#settings.variants.length === 1;
    return el(
      'fieldset',
      {},
      el('legend', {}, isOnly ? 'Look' : `Look "${name}", from ${from.formatted}`),
      el(
        'div',
        { class: 'pair' },
        field({ name: `variants.${index}.headline`, label: 'Headline', value: headline, hint: '{name} and {amount} stand for the fan and the tip, {tier} for a membership\'s.', attributes: { required: false } }),
        field({ name: `variants.${index}.durationMs`, label: 'Seconds on screen', value: String(durationMs / 1_000), hint: '1 to 30.', attributes: optional }),
      ),
    );
  }
}

const optional = { required: false, inputmode: 'decimal' };

function toggle(name: string, label: string, hint: string, isOn: boolean): HTMLElement {
  return el(
    'div',
    { class: 'switch' },
    el('input', { type: 'checkbox', id: `field-${name}`, name, checked: isOn, 'aria-describedby': `field-${name}-hint` }),
    el('label', { for: `field-${name}` }, label),
    el('p', { id: `field-${name}-hint`, class: 'hint' }, hint),
  );
}
