import type { RoomFace } from './face.ts';

export { clockService, systemClock, type Clock } from './clock.ts';
export { connect, databaseService, type ConnectOptions, type Database } from './connection.ts';
export { moveCounters, readCounters, type CounterMove } from './counter.ts';
export { EmbeddedError, startEmbedded, type EmbeddedOptions, type EmbeddedPostgres } from './embedded.ts';
export { databaseErrorOf, failureKind, isConnectionLoss, OutcomeUnknown, Overloaded, Unavailable, type FailureKind } from './errors.ts';
export type { Invariant, Job, RoomFace } from './face.ts';
export { GroupCommit, type GroupCommitOptions } from './group-commit.ts';
export { isUuid, newId } from './ids.ts';
export { logService, type Log } from './log.ts';
export { foreignSchemas, migrate, pendingMigrations, type MigrateOptions, type MigrationEntry } from './migrator.ts';
export { service, Services, type ServiceKey } from './services.ts';
export { transaction, type TransactionOptions, type Tx } from './transaction.ts';
export type { Sql } from './sql.ts';

export const databaseRoom: RoomFace = { name: 'database' };
