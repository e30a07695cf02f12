import { ApiFailure } from '../shared/failure.ts';

export interface Variant {
  readonly name: string;
  readonly from: { readonly amount: string; readonly formatted: string };
  readonly headline: string;
  readonly durationMs: number;
}

export interface AlertSettings {
  readonly minimum: { readonly amount: string };
  readonly blockedWords: readonly string[];
  readonly hideAmountsFromModerators: boolean;
  readonly speech: boolean;
  readonly variants: readonly Variant[];
}

export interface Settings extends AlertSettings {
  readonly holdForApproval: boolean;
}

export interface SettingsChange {
  /** The input of `updateAlertSettings`; null when nothing of it changed. */
  readonly alerts: Record<string, unknown> | null;
  /** What `holdTipsForApproval` is to be; null when it stays. */
  readonly holds: boolean | null;
}

/**
 * What a filled-in form changes. What was not touched is left out, so that a default stays one. Throws `ApiFailure` for what is no
 * number at all; whatever else is not allowed the server says.
 */
export function changesOf(settings: Settings, given: Readonly<Record<string, string>>, currency: string): SettingsChange {
  const holds = given.holdForApproval !== undefined;
  const wanted: Record<string, unknown> = {
    minimum: given.minimum === '' ? null : { amount: decimal('minimum', given.minimum ?? ''), currency },
    blockedWords: (given.blockedWords ?? '').split('\n').map((word) => word.trim()).filter((word) => word !== ''),
    hideAmountsFromModerators: given.hideAmountsFromModerators !== undefined,
    speech: given.speech !== undefined,
    variants: settings.variants.map(({ name, from }, index) => ({
      name,
      from: { amount: from.amount, currency },
      headline: given[`variants.${index}.headline`] ?? '',
      durationMs: Math.round(Number(decimal(`variants.${index}.durationMs`, given[`variants.${index}.durationMs`] ?? '')) * 1_000),
    })),
  };
  const { minimum, variants, ...rest } = settings;
  const now: Record<string, unknown> = {
    ...rest,
    minimum: { amount: minimum.amount, currency },
    variants: variants.map(({ name, from, headline, durationMs }) => ({ name, from: { amount: from.amount, currency }, headline, durationMs })),
  };
  const changed = Object.entries(wanted).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(now[name]));
  return { alerts: changed.length === 0 ? null : Object.fromEntries(changed), holds: holds === settings.holdForApproval ? null : holds };
}

function decimal(name: string, text: string): string {
  if (/^\d+(\.\d+)?$/.test(text)) return text;
  throw new ApiFailure('INVALID_INPUT', `"${text}" is not a number such as 2.50.`, ['input', ...name.split('.')]);
}
