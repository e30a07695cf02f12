import { configService } from '../config.ts';
import type { Services, Tx } from '../database/room.ts';
import { eventHubService } from '../events/room.ts';
import type { LockedPerson } from '../identity/room.ts';
import {
  advance, heldTiers, lockTiers, readFailedCharges, Till, writeMoves,
  type Advanced, type Charge, type ChargeRequest, type Move, type Subscription,
} from '../subscriptions/room.ts';
import { owedBy, paid, unpaid, type Owed } from './dunning.ts';
import { emptyReport, type RunReport } from './run-report.ts';

export interface ChargeDueOptions {
  readonly people: ReadonlyMap<string, LockedPerson>;
  /** What is due by then is charged. */
  readonly asOf: Date;
  /** When it happens, not before `asOf`: charges, caps and the tries of dunning are dated by it. */
  readonly now: Date;
  readonly catchUp: boolean;
  /** A settlement that finds too little leaves everything as it was: the tries of dunning go by the calendar. */
  readonly onUnpaid: 'DUN' | 'LEAVE';
  /** See `TillOptions`: it may throw `ForecastMissed`. */
  readonly isForecast: boolean;
}

export interface ChargeDueOutcome {
  readonly report: RunReport;
  /** Those that could not be charged because postings in their currency have stopped: still due. */
  readonly held: readonly Subscription[];
  /** How many were stored anew. */
  readonly moved: number;
  /** Whether one of those is due again at once. */
  readonly isDueAgain: boolean;
}

/** A subscription after what the clock brought it, and what it owes. */
interface Case {
  readonly before: Subscription;
  readonly advanced: Advanced;
  readonly owed: Owed | null;
}

/**
 * Brings subscriptions, locked with their people, to where they are to be: what the clock alone changes, then what is owed, charged in
 * the order given. A handful of statements whatever their number.
 */
export async function chargeDue(tx: Tx, services: Services, subscriptions: readonly Subscription[], options: ChargeDueOptions): Promise<ChargeDueOutcome> {
  const { people, asOf, now, isForecast } = options;
  const cases = subscriptions.map((before): Case => {
    const advanced = advance(before, asOf);
    return { before, advanced, owed: owedBy(advanced.subscription, asOf, options) };
  });
  await lockTiers(tx, cases.flatMap(({ before, advanced }) => (isPlain(before) ? [] : [...heldTiers(before), ...heldTiers(advanced.subscription)])));
  const owing = cases.filter(isOwing);
  const failed = await readFailedCharges(tx, owing.filter(({ before }) => before.status === 'PAST_DUE').map(lastBefore));
  const till = owing.length === 0 ? null
    : await Till.open(tx, owing.map(({ before }) => before), { people, feeBps: services.get(configService).platformFeeBps, now, isForecast });
  const decided = cases.map((one) => (isOwing(one) ? decide(one, till!, failed.get(one.before.id) ?? null, options) : { move: moveOf(one), isHeld: false }));
  const moves = decided.map(({ move }) => move).filter(({ before, advanced }) => advanced.subscription !== before);
  const stored = await writeMoves(tx, moves, { till, bus: services.get(eventHubService) });
  const held = new Map(decided.filter(({ isHeld }) => isHeld).map(({ move: { before } }) => [before.id, before]));
  return {
    report: reportOf(moves),
    held: [...held.values()],
    moved: moves.length,
    isDueAgain: stored.some(({ id, nextChargeAt }) => nextChargeAt !== null && nextChargeAt <= asOf && !held.has(id)),
  };
}

type Owing = Case & { readonly owed: Owed };

function isOwing(one: Case): one is Owing {
  return one.owed !== null;
}

/** A renewal that frees no place, whatever comes of it. */
function isPlain({ status, pending }: Subscription): boolean {
  return status === 'ACTIVE' && pending === null;
}

/** What `readFailedCharges` asks for: it reads the charge of the period after this. */
function lastBefore({ before, owed }: Owing): { id: string; periodIndex: number } {
  return { id: before.id, periodIndex: owed.period.index - 1 };
}

/** A move of a subscription that was there before. */
type StoredMove = Move & { readonly before: Subscription };

interface Decision {
  readonly move: StoredMove;
  readonly isHeld: boolean;
}

function decide(one: Owing, till: Till, failed: Charge | null, { now, onUnpaid }: ChargeDueOptions): Decision {
  const { before, advanced, owed } = one;
  const { subscription } = advanced;
  const request: ChargeRequest = { subscription, kind: 'PERIOD', periodIndex: owed.period.index, amountMicros: subscription.amountMicros, failed };
  const outcome = till.charge(request);
  const isNew = failed === null;
  if (outcome.kind === 'CHARGED') return { move: { before, advanced: paid(advanced, owed, now), charges: [{ charge: outcome.charge, isNew }] }, isHeld: false };
  if (outcome.kind === 'LEDGER_HALTED') return { move: moveOf(one), isHeld: true };
  if (onUnpaid === 'LEAVE') return { move: moveOf(one), isHeld: false };
  return { move: { before, advanced: unpaid(advanced, now), charges: [{ charge: till.fail(request, outcome.kind), isNew }] }, isHeld: false };
}

function moveOf({ before, advanced }: Case): StoredMove {
  return { before, advanced };
}

function reportOf(moves: readonly StoredMove[]): RunReport {
  const transitions = moves.flatMap(({ advanced }) => advanced.transitions.map(({ kind }) => kind));
  const count = (kind: (typeof transitions)[number]) => transitions.filter((one) => one === kind).length;
  const takenMicros = new Map<string, bigint>();
  for (const { charge } of moves.flatMap(({ charges = [] }) => charges)) {
    if (charge.status === 'SUCCEEDED') takenMicros.set(charge.currency, (takenMicros.get(charge.currency) ?? 0n) + charge.amountMicros);
  }
  return {
    ...emptyReport,
    renewed: count('RENEWED'), pastDue: count('PAST_DUE'), ended: count('ENDED'), paused: count('PAUSED'), resumed: count('RESUMED'), changed: count('CHANGED'),
    stillPastDue: moves.filter(({ before, advanced }) => before.status === 'PAST_DUE' && advanced.subscription.status === 'PAST_DUE').length,
    skippedPeriods: moves.flatMap(({ advanced }) => advanced.periods).filter(({ state }) => state === 'SKIPPED').length,
    takenMicros,
  };
}
