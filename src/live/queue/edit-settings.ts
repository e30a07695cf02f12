import { ErrorCode, quoteText, textProblem, type AmountRange, type UserError } from '../../api/room.ts';
import { InputCheck, type Creator } from '../../creators/room.ts';
import type { Services, Sql } from '../../database/room.ts';
import { formatDecimal, MAX_MICROS } from '../../money/room.ts';
import { alertKinds, type AlertKindName, type StoredVariant } from '../entities.ts';
import type { AlertVariantInput, UpdateAlertSettingsInput } from './inputs.ts';
import { changeQueue } from './locked-queue.ts';
import { DEFAULT_MAX_AGE_SECONDS, settingsIn, type AlertSettings } from './settings.ts';
import { placeholders, unknownPlaceholder } from './wording.ts';

const anyAmount: AmountRange = { minimumMicros: 1n, maximumMicros: MAX_MICROS };
const mostVariants = 20;
const nameRules = { minimum: 1, maximum: 40 };
const headlineRules = { minimum: 1, maximum: 120 };
const wordRules = { mostItems: 200, each: { minimum: 1, maximum: 40 } };
const shortestMs = 1_000;
const longestMs = 30_000;
const longestAgeSeconds = 604_800;

/** As the row holds it: null is what follows the page's tip minimum. */
interface StoredSettings {
  readonly kinds: readonly AlertKindName[];
  readonly minimumMicros: bigint | null;
  readonly variants: readonly StoredVariant[] | null;
  readonly blockedWords: readonly string[];
  readonly hideAmountsFromModerators: boolean;
  readonly maxAgeSeconds: number;
  readonly speech: boolean;
}

const untouched: StoredSettings = {
  kinds: alertKinds, minimumMicros: null, variants: null, blockedWords: [], hideAmountsFromModerators: false,
  maxAgeSeconds: DEFAULT_MAX_AGE_SECONDS, speech: false,
};

export type SettingsChange = { readonly settings: AlertSettings; readonly errors: [] } | { readonly settings: null; readonly errors: UserError[] };

/** Changes what a creator wants of alerts: an absent field leaves, null clears, and one answer names every mistake. What waits already keeps its look. */
export function updateAlertSettings(services: Services, creator: Creator, input: UpdateAlertSettingsInput): Promise<SettingsChange> {
  return changeQueue(services, creator.id, async (queue): Promise<SettingsChange> => {
    const check = new InputCheck();
    const changed = checkSettings(check, input, creator.currency, (await readStored(queue.tx, creator.id)) ?? untouched);
    if (check.failed) return { settings: null, errors: check.errors };
    await store(queue.tx, creator.id, changed);
    queue.tellOfQueue('SETTINGS');
    return { settings: await settingsIn(queue.tx, creator.id), errors: [] };
  });
}

async function readStored(tx: Sql, creatorId: string): Promise<StoredSettings | undefined> {
  const [row] = await tx.query<StoredSettings>(
    `SELECT kinds, minimum_micros AS "minimumMicros", variants, blocked_words AS "blockedWords",
       hide_amounts_from_moderators AS "hideAmountsFromModerators", max_age_seconds AS "maxAgeSeconds", speech
     FROM alert_settings WHERE creator_id = $1`,
    [creatorId],
  );
  return row;
}

async function store(tx: Sql, creatorId: string, settings: StoredSettings): Promise<void> {
  const { kinds, minimumMicros, variants, blockedWords, hideAmountsFromModerators, maxAgeSeconds, speech } = settings;
  await tx.query(
    `INSERT INTO alert_settings (creator_id, kinds, minimum_micros, variants, blocked_words, hide_amounts_from_moderators, max_age_seconds, speech)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (creator_id) DO UPDATE SET kinds = excluded.kinds, minimum_micros = excluded.minimum_micros, variants = excluded.variants,
       blocked_words = excluded.blocked_words, hide_amounts_from_moderators = excluded.hide_amounts_from_moderators,
       max_age_seconds = excluded.max_age_seconds, speech = excluded.speech`,
    [creatorId, kinds, minimumMicros, variants && JSON.stringify(variants), blockedWords, hideAmountsFromModerators, maxAgeSeconds, speech],
  );
}

function checkSettings(check: InputCheck, input: UpdateAlertSettingsInput, currency: string, kept: StoredSettings): StoredSettings {
  const minimum = input.minimum === null ? null : check.amount(['minimum'], input.minimum, currency, anyAmount, kept.minimumMicros ?? 0n);
  return {
    kinds: input.kinds === undefined ? kept.kinds : [...new Set(input.kinds ?? alertKinds)],
    minimumMicros: input.minimum === undefined ? kept.minimumMicros : minimum,
    variants: input.variants === undefined ? kept.variants : input.variants && checkVariants(check, input.variants, currency),
    blockedWords: [...new Set(check.list('blockedWords', input.blockedWords, wordRules, kept.blockedWords))],
    hideAmountsFromModerators: given(input.hideAmountsFromModerators, kept.hideAmountsFromModerators),
    maxAgeSeconds: checkMaxAge(check, input.maxAgeSeconds, kept.maxAgeSeconds),
    speech: given(input.speech, kept.speech),
  };
}

function given(value: boolean | null | undefined, kept: boolean): boolean {
  return value === undefined ? kept : (value ?? false);
}

function checkMaxAge(check: InputCheck, seconds: number | null | undefined, kept: number): number {
  const value = seconds === undefined ? kept : (seconds ?? DEFAULT_MAX_AGE_SECONDS);
  if (value < 1 || value > longestAgeSeconds) {
    check.refuse(ErrorCode.INVALID_INPUT, `${value} is not from 1 to ${longestAgeSeconds} seconds.`, 'maxAgeSeconds');
  }
  return value;
}

/** A variant reaches up to where the next one begins, so they can only overlap by beginning at the same amount. */
function checkVariants(check: InputCheck, variants: readonly AlertVariantInput[], currency: string): StoredVariant[] {
  if (variants.length === 0 || variants.length > mostVariants) {
    check.refuse(ErrorCode.INVALID_INPUT, `${variants.length} variants were given; 1 to ${mostVariants} are allowed.`, 'variants');
    return [];
  }
  const names = new Set<string>();
  const froms = new Set<bigint>();
  const read = variants.map((variant, index) => {
    const at = (field: string) => ['variants', String(index), field];
    const { name, headline, fromMicros } = checkVariant(check, variant, currency, at);
    if (names.has(name.toLowerCase())) check.refuse(ErrorCode.CONFLICT, `${quoteText(name)} is the name of another variant too: names must differ, whatever their case.`, ...at('name'));
    if (froms.has(fromMicros) && fromMicros > 0n) {
      const amount = `${formatDecimal(fromMicros, currency)} ${currency}`;
      check.refuse(ErrorCode.CONFLICT, `Another variant begins at ${amount} too: they would overlap.`, ...at('from'));
    }
    names.add(name.toLowerCase());
    froms.add(fromMicros);
    return { name, headline, fromMicros, durationMs: variant.durationMs };
  });
  read.sort((a, b) => (a.fromMicros < b.fromMicros ? -1 : 1));
  return read.map((variant) => ({ ...variant, fromMicros: String(variant.fromMicros) }));
}

function checkVariant(check: InputCheck, variant: AlertVariantInput, currency: string, at: (field: string) => string[]) {
  const name = variant.name.trim();
  const headline = variant.headline.trim();
  const problems = [textProblem(name, nameRules, ['input', ...at('name')]), textProblem(headline, headlineRules, ['input', ...at('headline')])];
  check.errors.push(...problems.filter((problem) => problem !== null));
  const unknown = unknownPlaceholder(headline);
  if (unknown !== null) {
    const known = placeholders.map((one) => `{${one}}`).join(', ');
    check.refuse(ErrorCode.INVALID_INPUT, `${quoteText(unknown)} stands for nothing: a headline may hold ${known}.`, ...at('headline'));
  }
  if (variant.durationMs < shortestMs || variant.durationMs > longestMs) {
    check.refuse(ErrorCode.INVALID_INPUT, `${variant.durationMs} is not from ${shortestMs} to ${longestMs} milliseconds.`, ...at('durationMs'));
  }
  return { name, headline, fromMicros: check.amount(at('from'), variant.from, currency, anyAmount, 0n) };
}
