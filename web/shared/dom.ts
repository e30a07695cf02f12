import { ApiFailure } from './failure.ts';

type Child = Node | string | null;
type Value = string | number | boolean | null | ((event: never) => void);

/**
 * Makes an element. `onclick` and the like are listeners, true is an attribute without a value, and false and null are none. Strings
 * become texts, never markup, whoever wrote them.
 */
export function el<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, Value>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(key.replace(/^on/, ''), value as EventListener);
    else if (value !== null && value !== false) element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A button that does its work once at a time: until the work has ended, further presses count for nothing. */
export function actionButton(label: string, work: () => Promise<void> | void, attributes: Readonly<Record<string, Value>> = {}): HTMLButtonElement {
  let isBusy = false;
  const press = async () => {
    if (isBusy) return;
    isBusy = true;
    // Not "disabled", which would take the focus away from whoever works by keyboard.
    button.setAttribute('aria-disabled', 'true');
    try {
      await work();
    } finally {
      isBusy = false;
      button.removeAttribute('aria-disabled');
    }
  };
  const button = el('button', { type: 'button', onclick: () => void press(), ...attributes }, label);
  return button;
}

export interface FieldRules {
  readonly name: string;
  readonly label: string;
  readonly type?: string;
  readonly autocomplete?: string;
  readonly hint?: string;
  readonly value?: string;
  readonly attributes?: Readonly<Record<string, Value>>;
}

/** A labelled input, with a hint below that screen readers read with it. */
export function field({ name, label, type = 'text', autocomplete = 'off', hint, value, attributes = {} }: FieldRules): HTMLDivElement {
  const id = `field-${name}`;
  const described = hint === undefined ? null : `${id}-hint`;
  return el(
    'div',
    { class: 'field' },
    el('label', { for: id }, label),
    el('input', { id, name, type, autocomplete, value: value ?? null, required: true, spellcheck: 'false', autocapitalize: 'off', 'aria-describedby': described, ...attributes }),
    hint === undefined ? null : el('p', { id: `${id}-hint`, class: 'hint' }, hint),
  );
}

/** What was typed into a form, without spaces around it; passwords as they are. */
export function valuesOf(form: HTMLFormElement): Record<string, string> {
  const given = [...new FormData(form)].map(([name, value]) => [name, name.endsWith('password') ? String(value) : String(value).trim()]);
  return Object.fromEntries(given) as Record<string, string>;
}

/** A form that is sent by our own code. What goes wrong is said below its button, and the button waits for the answer. */
export function form(label: string, fields: readonly HTMLElement[], button: string, send: (values: Record<string, string>) => Promise<void>): HTMLFormElement {
  const problem = el('p', { role: 'alert', class: 'problem' });
  const submit = el('button', { type: 'submit', class: 'primary' }, button);
  let isBusy = false;
  const onsubmit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    problem.textContent = '';
    for (const control of element.elements) control.removeAttribute('aria-invalid');
    submit.setAttribute('aria-disabled', 'true');
    try {
      await send(valuesOf(element));
    } catch (error) {
      problem.textContent = messageOf(error);
      if (error instanceof ApiFailure) point(element, error.path);
    } finally {
      isBusy = false;
      submit.removeAttribute('aria-disabled');
    }
  };
  const element = el('form', { 'aria-label': label, onsubmit: (event: SubmitEvent) => void onsubmit(event) }, ...fields, submit, problem);
  return element;
}

/** Leads to the field that the API found at fault, named as its path in the input. */
function point(form: HTMLFormElement, path: readonly string[]): void {
  const place = `${path.slice(1).join('.')}.`;
  const control = [...form.elements].find((each) => each instanceof HTMLElement && place.startsWith(`${each.getAttribute('name') ?? ' '}.`));
  if (!(control instanceof HTMLElement)) return;
  control.setAttribute('aria-invalid', 'true');
  control.focus();
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
