import { randomUUID } from 'node:crypto';
import { encodeId, hashInput, type OverlayCredential } from '../../../src/api/room.ts';
import { invariants } from '../../../src/app.ts';
import { CreatorEntity } from '../../../src/creators/room.ts';
import { newId, type Database, type Services } from '../../../src/database/room.ts';
import { alertColumns, ALERT_PREFIX, queueOrder, type AlertRow } from '../../../src/live/queue/alert.ts';
import { updateAlertSettings } from '../../../src/live/queue/edit-settings.ts';
import type { UpdateAlertSettingsInput } from '../../../src/live/queue/inputs.ts';
import { reportAlert, type ReportedAlert } from '../../../src/live/queue/show.ts';
import { money } from '../../../src/money/room.ts';
import { subscribe, subscriptionDeskService, type Subscription } from '../../../src/subscriptions/room.ts';
import { tipRefundsService, tipSenderService, type Tip } from '../../../src/tips/room.ts';
import { expectCleanBooks } from '../../support/books.ts';
import type { TestDatabase } from '../../support/database.ts';
import { makeCreator, makeFan, servicesOn, type MadeCreator } from '../../support/world.ts';
import { wish, type Wish } from '../../tips/support.ts';

/** A creator with a fan who can tip, in one process. */
export interface Stage {
  readonly db: Database;
  readonly services: Services;
  readonly creator: MadeCreator;
  readonly fanId: string;
}

/** A stage of its own; `services` are those of a process that is there already. */
export async function openStage(database: TestDatabase, services: Services = servicesOn(database)): Promise<Stage> {
  const { db } = database;
  const creator = await makeCreator(db);
  const fanId = await makeFan(db, 1_000_000_000n);
  return { db, services, creator, fanId };
}

/** Tips of so many dollars, one after the other; answers them. */
export async function tip(stage: Stage, dollars: number, given: Partial<Wish> = {}): Promise<Tip> {
  const amountMicros = BigInt(Math.round(dollars * 1_000_000));
  const sent = await stage.services.get(tipSenderService).send(wish({ senderId: stage.fanId, creatorId: stage.creator.id, amountMicros, ...given }));
  if (sent.kind !== 'SENT') throw new Error(`The tip was not sent: ${sent.kind}`);
  return sent.tip;
}

/** Gives all of a tip back to its fan. */
export async function refundAll({ services, creator }: Stage, tipId: string): Promise<void> {
  const wish = { tipId, amount: null, reason: null };
  const outcome = await services.get(tipRefundsService).refund({ ...wish, personId: creator.ownerId, idempotencyKey: randomUUID(), inputHash: hashInput('refundTip', wish) });
  if (outcome.kind !== 'ANSWERED' || outcome.refund.status !== 'SUCCEEDED') throw new Error(`The tip was not refunded: ${outcome.kind}`);
}

/** Subscribes the fan to an amount of their own a month. */
export async function join({ services, creator, fanId }: Stage, dollars: number): Promise<Subscription> {
  const wanted = { creatorId: creator.id, amount: money(BigInt(dollars) * 1_000_000n, creator.currency), interval: 'MONTH' as const };
  const wish = { wanted, expectedDueNow: null, pricedAt: null };
  const command = { ...wish, personId: fanId, idempotencyKey: randomUUID(), inputHash: hashInput('subscribe', wish) };
  const outcome = await subscribe(services.get(subscriptionDeskService), command);
  if (outcome.kind !== 'DONE') throw new Error(`Nobody subscribed: ${outcome.kind}`);
  return outcome.subscription;
}

/** Changes the creator's settings, and fails unless they are accepted. */
export async function change({ db, services, creator }: Stage, input: UpdateAlertSettingsInput): Promise<void> {
  const { errors } = await updateAlertSettings(services, await db.fork().findOneOrFail(CreatorEntity, { id: creator.id }), input);
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
}

/** An overlay with an open connection that shows alerts, as its process writes it. */
export async function openOverlay({ db, creator }: Pick<Stage, 'db' | 'creator'>, given: { isVisible?: boolean; widget?: string } = {}): Promise<OverlayCredential> {
  const overlayId = newId();
  await db.query('INSERT INTO overlay (id, creator_id, name, token_hash, created_at) VALUES ($1, $2, $3, sha256($4::text::bytea), now())', [overlayId, creator.id, 'Overlay', overlayId]);
  const connectionId = newId();
  await db.query(
    `INSERT INTO overlay_connection (id, overlay_id, widget, is_visible, seen_at) VALUES ($1, $2, $3, $4, now() + interval '1 hour')`,
    [connectionId, overlayId, given.widget ?? 'ALERTS', given.isVisible ?? true],
  );
  return { overlayId, creatorId: creator.id, connectionId };
}

export async function setVisible(db: Database, { connectionId }: OverlayCredential, isVisible: boolean): Promise<void> {
  await db.query('UPDATE overlay_connection SET is_visible = $2 WHERE id = $1', [connectionId, isVisible]);
}

/** All alerts of a creator, in the queue's order. */
export function alertsOf(db: Database, creatorId: string): Promise<AlertRow[]> {
  return db.query<AlertRow>(`SELECT ${alertColumns} FROM alert WHERE alert.creator_id = $1 ORDER BY ${queueOrder}`, [creatorId]);
}

export async function showing(db: Database, creatorId: string): Promise<AlertRow | undefined> {
  return (await alertsOf(db, creatorId)).find(({ state }) => state === 'SHOWING');
}

export async function states(db: Database, creatorId: string): Promise<string[]> {
  return (await alertsOf(db, creatorId)).map(({ state }) => state);
}

/** Says for an overlay what became of an alert. */
export function report(services: Services, overlay: OverlayCredential, alert: Pick<AlertRow, 'id' | 'lease'>, state: 'SHOWN' | 'QUEUED' = 'SHOWN'): Promise<ReportedAlert> {
  return reportAlert(services, { overlay, alertId: encodeId(ALERT_PREFIX, alert.id), lease: alert.lease ?? randomUUID(), state });
}

/** Lets the lease of what is showing end by so many seconds ago. */
export async function endLease(db: Database, creatorId: string, secondsAgo = 1): Promise<void> {
  await db.query(`UPDATE alert SET lease_until = clock_timestamp() - make_interval(secs => $2) WHERE creator_id = $1 AND state = 'SHOWING'`, [creatorId, secondsAgo]);
}

/** The kinds of event in a creator's stream of alerts. */
export async function told(db: Database, creatorId: string): Promise<string[]> {
  const rows = await db.query<{ kind: string }>(`SELECT kind FROM stream_event WHERE creator_id = $1 AND topic = 'alerts' ORDER BY sequence`, [creatorId]);
  return rows.map(({ kind }) => kind);
}

export function expectCleanQueue({ db }: Pick<TestDatabase, 'db'>): Promise<void> {
  return expectCleanBooks(db, invariants);
}
