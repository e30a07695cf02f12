import type { EntitySchema } from '@mikro-orm/core';
import type { GraphQLSchema } from 'graphql';
import { apiRoom, nodeTypesService, type ApiFace, type NodeType } from './api/room.ts';
import { billingRoom } from './billing/room.ts';
import { configService, type Config } from './config.ts';
import { creatorsRoom } from './creators/room.ts';
import { clockService, databaseRoom, databaseService, logService, Services, systemClock, type Clock, type Database, type Invariant } from './database/room.ts';
import { eventHubService, eventsRoom } from './events/room.ts';
import { identityRoom } from './identity/room.ts';
import { ledgerRoom } from './ledger/room.ts';
import { liveHubService, liveRoom } from './live/room.ts';
import { mailRoom } from './mail/room.ts';
import { borderPostingsService, disputeKindsService, intentKindsService, paymentProvidersService, paymentsRoom, sandboxService, type PaymentsFace } from './payments/room.ts';
import { JobRunner, printed, schemaOf, serverRoom, startServer, type RunningServer, type ServerGauge, type ServerLog, type SocketTimings } from './server/room.ts';
import { payoutsRoom } from './payouts/room.ts';
import { receiptsRoom } from './receipts/room.ts';
import { subscriptionsRoom } from './subscriptions/room.ts';
import { tipSenderService, tipsRoom } from './tips/room.ts';
import { walletsRoom } from './wallets/room.ts';

/** Every room, in the order in which they build on each other. */
export const rooms: readonly (ApiFace & PaymentsFace)[] = [
  databaseRoom, ledgerRoom, eventsRoom, mailRoom, apiRoom, identityRoom, paymentsRoom, creatorsRoom, walletsRoom,
  tipsRoom, subscriptionsRoom, payoutsRoom, billingRoom, liveRoom, receiptsRoom, serverRoom,
];

/** Every entity of every room: what a `Database` is connected with. */
export const entities: readonly EntitySchema[] = rooms.flatMap((room) => room.entities ?? []);

/** What `check()` proves of the stored data besides the books themselves. */
export const invariants: readonly Invariant[] = rooms.flatMap((room) => room.invariants ?? []);

/** Every type of node by the prefix of its ids. */
export function nodeTypes(): ReadonlyMap<string, NodeType> {
  return new Map(rooms.flatMap((room) => room.nodes ?? []).map((node) => [node.prefix, node]));
}

/** What `/metrics` tells of the rooms. */
const gauges: readonly ServerGauge[] = [
  { name: 'farthing_tips_queued', help: 'Tips that wait for a group commit.', read: (services) => services.get(tipSenderService).queued },
  { name: 'farthing_live_operations', help: 'Subscriptions that run.', read: (services) => services.get(liveHubService).status.operations },
  { name: 'farthing_live_groups', help: 'Sets of subscriptions that share their executions.', read: (services) => services.get(liveHubService).status.groups },
  { name: 'farthing_live_executions', help: 'Executions of subscriptions since the start.', read: (services) => services.get(liveHubService).status.executions },
  { name: 'farthing_streams_read', help: 'Event streams with readers in this process.', read: (services) => services.get(eventHubService).status.streams },
];

let schema: Promise<GraphQLSchema> | undefined;

/** The API's schema, built at the first call and shared by every server of the process. */
export function farthingSchema(): Promise<GraphQLSchema> {
  schema ??= schemaOf(rooms);
  return schema;
}

/** The schema as `schema.graphql` holds it. */
export async function printedSchema(): Promise<string> {
  return printed(await farthingSchema());
}

export interface AppOptions {
  readonly config: Config;
  /** Connected with `entities`. It stays open when the app stops: who opened it closes it. */
  readonly database: Database;
  readonly log: ServerLog;
  readonly clock?: Clock;
  /** The migrations of this build; until the database has run them all, `/readyz` says so. */
  readonly migrations?: readonly { readonly name: string }[];
  /** False leaves the rooms' timed jobs to other processes. */
  readonly runsJobs?: boolean;
  readonly socketTimings?: Partial<SocketTimings>;
}

/** One running Farthing: what the command `serve` and the tests start. */
export interface App {
  readonly services: Services;
  start(): Promise<{ readonly url: string }>;
  /** Finishes what runs and closes what was made. The database is left to who opened it. */
  stop(): Promise<void>;
}

export function createApp(options: AppOptions): App {
  const { config, database, log } = options;
  const services = new Services()
    .provide(configService, config)
    .provide(databaseService, database)
    .provide(logService, log)
    .provide(clockService, options.clock ?? systemClock)
    .provide(nodeTypesService, nodeTypes())
    .provide(intentKindsService, rooms.flatMap((room) => room.intentKinds ?? []))
    .provide(disputeKindsService, rooms.flatMap((room) => room.disputeKinds ?? []))
    .provide(borderPostingsService, rooms.flatMap((room) => room.borderPostings ?? []));
  const jobs = new JobRunner(services, log);
  let server: RunningServer | undefined;
  return {
    services,
    start: async () => {
      server = await startServer({
        config, services, log,
        schema: await farthingSchema(),
        executeSubscription: (request) => services.get(liveHubService).subscribe(request),
        gauges,
        migrationNames: options.migrations?.map(({ name }) => name),
        timings: options.socketTimings,
      });
      if (services.get(paymentProvidersService).size === 0) log.warn({}, 'No payment provider is set up: nobody can pay in. Set STRIPE_SECRET_KEY.');
      if (options.runsJobs !== false) {
        jobs.start(rooms.flatMap((room) => room.jobs ?? []));
        await services.get(sandboxService)?.deliverTo(server.url);
      }
      log.info({ url: server.url }, 'serving');
      return { url: server.url };
    },
    stop: async () => {
      await Promise.all([server?.stop(), jobs.stop()]);
      await services.close();
    },
  };
}
