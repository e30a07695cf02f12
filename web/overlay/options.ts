/** The widgets by the name that the address gives them, and what the API calls them. */
export const widgets = { alerts: 'ALERTS', goal: 'GOAL', 'top-tippers': 'TOP_TIPPERS', 'event-list': 'EVENT_LIST' } as const;
export const themes = ['midnight', 'paper', 'ribbon'] as const;

export type WidgetName = keyof typeof widgets;
export type ThemeName = (typeof themes)[number];

/** What the part of the address after # asks for: `#t=TOKEN&w=alerts&theme=paper`. */
export interface OverlayOptions {
  readonly token: string;
  readonly widget: WidgetName;
  readonly theme: ThemeName;
  /** 0 to 100. */
  readonly volumePercent: number;
  /** A BCP 47 tag in which amounts are written. */
  readonly locale: string;
  /** How many lines the lists show. */
  readonly rows: number;
  /** The goal that the goal bar shows; null: the newest that is not reached. */
  readonly goalId: string | null;
}

/** Reads the fragment of the address, or says in one sentence what is wrong with it. */
export function readOptions(fragment: string, language: string): OverlayOptions | string {
  const given = new URLSearchParams(fragment.replace(/^#/, ''));
  const token = given.get('t') ?? '';
  if (token === '') return 'The address of this overlay has no token: copy it again from the setup page.';
  const widget = given.get('w') ?? 'alerts';
  if (!isOneOf(widget, Object.keys(widgets) as WidgetName[])) return oneOf('w', widget, Object.keys(widgets));
  const theme = given.get('theme') ?? themes[0];
  if (!isOneOf(theme, themes)) return oneOf('theme', theme, themes);
  const volumePercent = numberIn(given.get('volume') ?? '60');
  if (!(volumePercent >= 0 && volumePercent <= 100)) return outOf('volume', given.get('volume'), '0 to 100');
  const rows = numberIn(given.get('rows') ?? '5');
  if (!(Number.isInteger(rows) && rows >= 1 && rows <= 20)) return outOf('rows', given.get('rows'), '1 to 20');
  const locale = given.get('locale') ?? language;
  if (!isLocale(locale)) return `The address says locale=${locale.slice(0, 40)}; it may be a language tag such as en or de-CH.`;
  const goalId = given.get('goal');
  if (goalId === '') return 'The address says goal= without an id; leave it out for the newest goal.';
  return { token, widget, theme, volumePercent, rows, locale, goalId };
}

/** Not a number for an empty text, which JavaScript takes for 0. */
function numberIn(text: string): number {
  return text.trim() === '' ? NaN : Number(text);
}

function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

function isOneOf<Name extends string>(value: string, names: readonly Name[]): value is Name {
  return (names as readonly string[]).includes(value);
}

function oneOf(name: string, value: string, allowed: readonly string[]): string {
  return `The address says ${name}=${value.slice(0, 40)}; it may be ${allowed.join(', ')}.`;
}

function outOf(name: string, value: string | null, allowed: string): string {
  return `The address says ${name}=${(value ?? '').slice(0, 40)}; it may be ${allowed}.`;
}
