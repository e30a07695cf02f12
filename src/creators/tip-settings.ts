import { AmountOutOfRange, ErrorCode, type AmountRange } from '../api/room.ts';
import { currencyOf, formatDecimal, MICROS_PER_UNIT, money } from '../money/room.ts';
import type { Creator } from './entities.ts';
import type { InputCheck } from './input-check.ts';
import type { UpdateCreatorInput } from './inputs.ts';

type TipAmounts = Pick<Creator, 'tipMinimumMicros' | 'tipMaximumMicros' | 'tipPresetMicros'>;
export type StoredTipSettings = TipAmounts & Pick<Creator, 'maxMessageLength' | 'holdTipsForApproval'>;

const mostPresets = 6;
const defaultMinimumMicros = 1n;
const defaultMaximumMicros = 10_000n * MICROS_PER_UNIT;
const defaultPresetMicros = [MICROS_PER_UNIT / 10n, MICROS_PER_UNIT, 5n * MICROS_PER_UNIT];

/** What any creator may allow; the maximum is large enough for currencies whose unit is worth little. */
const allowed: AmountRange = { minimumMicros: defaultMinimumMicros, maximumMicros: 100_000_000n * MICROS_PER_UNIT };

/** What a new page allows. */
export function defaultTipSettings(currency: string): StoredTipSettings {
  // Of currencies without a minor unit, one is worth about a cent.
  const scale = currencyOf(currency).exponent === 0 ? 100n : 1n;
  return {
    tipPresetMicros: defaultPresetMicros.map((micros) => micros * scale),
    tipMinimumMicros: defaultMinimumMicros,
    tipMaximumMicros: defaultMaximumMicros,
    maxMessageLength: 500,
    holdTipsForApproval: false,
  };
}

/** Reads the changed settings. The amounts are judged together: presets must lie between what minimum and maximum will be. */
export function checkTipSettings(check: InputCheck, input: UpdateCreatorInput, own: Creator): Omit<StoredTipSettings, 'maxMessageLength'> {
  const holdTipsForApproval = input.holdTipsForApproval === undefined ? own.holdTipsForApproval : (input.holdTipsForApproval ?? false);
  const bound = (field: 'tipMinimum' | 'tipMaximum', keptMicros: bigint, defaultMicros: bigint) => {
    const value = input[field];
    return value === null ? defaultMicros : check.amount([field], value, own.currency, allowed, keptMicros);
  };
  const mistakesBefore = check.errors.length;
  const tipMinimumMicros = bound('tipMinimum', own.tipMinimumMicros, defaultMinimumMicros);
  const tipMaximumMicros = bound('tipMaximum', own.tipMaximumMicros, defaultMaximumMicros);
  if (tipMinimumMicros > tipMaximumMicros) {
    // The changed one is at fault; where both changed, the minimum.
    if (input.tipMinimum !== undefined) check.range(['tipMinimum'], tipMinimumMicros, own.currency, { ...allowed, maximumMicros: tipMaximumMicros });
    else check.range(['tipMaximum'], tipMaximumMicros, own.currency, { ...allowed, minimumMicros: tipMinimumMicros });
  }
  const boundsAreSound = check.errors.length === mistakesBefore;
  const range = { minimumMicros: tipMinimumMicros, maximumMicros: tipMaximumMicros };
  const tipPresetMicros = boundsAreSound ? checkPresets(check, input, own, range) : own.tipPresetMicros;
  return { holdTipsForApproval, tipMinimumMicros, tipMaximumMicros, tipPresetMicros };
}

function checkPresets(check: InputCheck, { tipPresets }: UpdateCreatorInput, own: Creator, range: AmountRange): bigint[] {
  if (tipPresets === undefined) return checkKeptPresets(check, own, range);
  const presets = tipPresets ?? [];
  if (presets.length > mostPresets) {
    check.refuse(ErrorCode.INVALID_INPUT, `${presets.length} presets were given; at most ${mostPresets} are allowed.`, 'tipPresets');
    return own.tipPresetMicros;
  }
  return presets.map((preset, index) => check.amount(['tipPresets', String(index)], preset, own.currency, range, 0n));
}

function checkKeptPresets(check: InputCheck, { tipPresetMicros, currency }: Creator, range: AmountRange): bigint[] {
  const outside = tipPresetMicros.find((micros) => micros < range.minimumMicros || micros > range.maximumMicros);
  if (outside !== undefined) {
    const field = outside < range.minimumMicros ? 'tipMinimum' : 'tipMaximum';
    const message = `The preset of ${formatDecimal(outside, currency)} ${currency} would be outside of what a tip may be: give new tipPresets as well.`;
    check.errors.push(new AmountOutOfRange(message, ['input', field], money(range.minimumMicros, currency), money(range.maximumMicros, currency)));
  }
  return tipPresetMicros;
}
