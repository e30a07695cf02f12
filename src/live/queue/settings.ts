import DataLoader from 'dataloader';
import { cached, type RequestContext } from '../../api/room.ts';
import { databaseService, type Sql } from '../../database/room.ts';
import { alertKinds, type AlertKindName, type StoredVariant } from '../entities.ts';

/** A look of alerts, for amounts from its own `fromMicros` up to that of the next. */
export interface Variant {
  readonly name: string;
  readonly fromMicros: bigint;
  readonly headline: string;
  readonly durationMs: number;
}

/** What a creator wants of alerts, with the defaults where nothing was said. */
export interface AlertSettings {
  readonly creatorId: string;
  readonly currency: string;
  readonly kinds: readonly AlertKindName[];
  readonly minimumMicros: bigint;
  /** Ascending by `fromMicros`; never empty. */
  readonly variants: readonly Variant[];
  readonly blockedWords: readonly string[];
  readonly hideAmountsFromModerators: boolean;
  readonly maxAgeSeconds: number;
  readonly speech: boolean;
}

export const DEFAULT_MAX_AGE_SECONDS = 3_600;

/** The one variant of a creator who chose none. */
export function defaultVariant(fromMicros: bigint): Variant {
  return { name: 'default', fromMicros, headline: '{name} tipped {amount}', durationMs: 6_000 };
}

/** The variant of an amount: the last one that begins at or below it; for less than any, and for no amount, the first. */
export function variantOf({ variants }: Pick<AlertSettings, 'variants'>, amountMicros: bigint | null): Variant {
  const fitting = variants.filter(({ fromMicros }) => amountMicros !== null && fromMicros <= amountMicros);
  return (fitting.at(-1) ?? variants[0]) as Variant;
}

/** Whether something is shown at all. Goals and digests have no least amount. */
export function isWanted(settings: AlertSettings, kind: AlertKindName, amountMicros: bigint | null): boolean {
  if (!settings.kinds.includes(kind)) return false;
  return kind === 'GOAL_REACHED' || kind === 'DIGEST' || amountMicros === null || amountMicros >= settings.minimumMicros;
}

interface SettingsRow {
  readonly creatorId: string;
  readonly currency: string;
  readonly tipMinimumMicros: bigint;
  readonly kinds: AlertKindName[] | null;
  readonly minimumMicros: bigint | null;
  readonly variants: StoredVariant[] | null;
  readonly blockedWords: string[] | null;
  readonly hideAmountsFromModerators: boolean | null;
  readonly maxAgeSeconds: number | null;
  readonly speech: boolean | null;
}

/** Reads creators' settings, in the order of the ids; null for a creator who is not there. */
export async function readAlertSettings(sql: Sql, creatorIds: readonly string[]): Promise<(AlertSettings | null)[]> {
  const rows = await sql.query<SettingsRow>(
    `SELECT creator.id AS "creatorId", creator.currency, creator.tip_minimum_micros AS "tipMinimumMicros", s.kinds, s.minimum_micros AS "minimumMicros",
       s.variants, s.blocked_words AS "blockedWords", s.hide_amounts_from_moderators AS "hideAmountsFromModerators",
       s.max_age_seconds AS "maxAgeSeconds", s.speech
     FROM creator LEFT JOIN alert_settings s ON s.creator_id = creator.id WHERE creator.id = ANY ($1::uuid[])`,
    [creatorIds],
  );
  const found = new Map(rows.map((row) => [row.creatorId, settingsOf(row)]));
  return creatorIds.map((id) => found.get(id) ?? null);
}

function settingsOf(row: SettingsRow): AlertSettings {
  const minimumMicros = row.minimumMicros ?? row.tipMinimumMicros;
  return {
    creatorId: row.creatorId,
    currency: row.currency,
    kinds: row.kinds ?? alertKinds,
    minimumMicros,
    variants: row.variants?.map((variant) => ({ ...variant, fromMicros: BigInt(variant.fromMicros) })) ?? [defaultVariant(row.tipMinimumMicros)],
    blockedWords: row.blockedWords ?? [],
    hideAmountsFromModerators: row.hideAmountsFromModerators ?? false,
    maxAgeSeconds: row.maxAgeSeconds ?? DEFAULT_MAX_AGE_SECONDS,
    speech: row.speech ?? false,
  };
}

/** A creator's settings, those of many in one statement. Throws when there is no such creator. */
export async function loadAlertSettings(context: RequestContext, creatorId: string): Promise<AlertSettings> {
  const loader = cached(context, 'live.alertSettings', () =>
    new DataLoader<string, AlertSettings | null>((ids) => readAlertSettings(context.services.get(databaseService), ids)),
  );
  return knownSettings(await loader.load(creatorId), creatorId);
}

/** The same inside a transaction. */
export async function settingsIn(tx: Sql, creatorId: string): Promise<AlertSettings> {
  const [settings] = await readAlertSettings(tx, [creatorId]);
  return knownSettings(settings, creatorId);
}

function knownSettings(settings: AlertSettings | null | undefined, creatorId: string): AlertSettings {
  if (!settings) throw new Error(`The alerts of a creator ${creatorId} were asked for, who is not there.`);
  return settings;
}
