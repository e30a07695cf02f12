import { el } from './dom.ts';

export interface Question {
  readonly title: string;
  /** What will come of it. */
  readonly text: string;
  /** The button that does it, by the name of what it does. */
  readonly yes: string;
}

/** Asks before something that cannot be taken back, and answers whether it is wanted. Escape says no. */
export function isWanted({ title, text, yes }: Question): Promise<boolean> {
  return new Promise((resolve) => {
    const onclose = () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    };
    const no = el('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel');
    const go = el('button', { type: 'button', class: 'danger', onclick: () => dialog.close('yes') }, yes);
    const dialog: HTMLDialogElement = el(
      'dialog',
      { class: 'card ask', 'aria-labelledby': 'ask-title', 'aria-describedby': 'ask-text', onclose },
      el('h2', { id: 'ask-title' }, title),
      el('p', { id: 'ask-text' }, text),
      el('div', { class: 'row' }, go, no),
    );
    document.body.append(dialog);
    dialog.showModal();
    // Enter, pressed once too often, does nothing.
    no.focus();
  });
}
