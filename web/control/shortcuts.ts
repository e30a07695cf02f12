import { el } from '../shared/dom.ts';

export interface Shortcut {
  readonly key: string;
  readonly does: string;
  readonly run: () => void;
}

const storageKey = 'farthing:single-keys';
const typing = 'input:not([type="checkbox"]), textarea, select';

/**
 * Runs shortcuts of one key each, wherever the focus is, but for fields to type in. They can be turned off, since some people's
 * speech input presses keys that nobody meant (WCAG 2.2, 2.1.4). Answers the list of them, with the switch.
 */
export function shortcuts(list: readonly Shortcut[], signal: AbortSignal): HTMLDetailsElement {
  const byKey = new Map(list.map((shortcut) => [shortcut.key, shortcut]));
  let isOn = localStorage.getItem(storageKey) !== 'off';
  const onchange = ({ target }: Event & { target: HTMLInputElement }) => {
    isOn = target.checked;
    if (isOn) localStorage.removeItem(storageKey);
    else localStorage.setItem(storageKey, 'off');
  };
  const onKey = (event: KeyboardEvent) => {
    if (!isOn || event.ctrlKey || event.metaKey || event.altKey || event.repeat || (event.target as Element).closest(typing)) return;
    const shortcut = byKey.get(event.key.toLowerCase());
    if (!shortcut) return;
    event.preventDefault();
    shortcut.run();
  };
  document.addEventListener('keydown', onKey, { signal });
  const help = el(
    'details',
    { class: 'help' },
    el('summary', {}, 'Keyboard'),
    el('ul', {}, ...list.map(({ key, does }) => el('li', {}, el('kbd', {}, key), ` ${does}`))),
    el('label', { class: 'row' }, el('input', { type: 'checkbox', checked: isOn, onchange }), 'Single keys are on'),
  );
  byKey.set('?', {
    key: '?',
    does: '',
    run: () => {
      help.open = !help.open;
      if (help.open) help.querySelector('summary')?.focus();
    },
  });
  return help;
}
