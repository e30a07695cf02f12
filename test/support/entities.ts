import type { EntitySchema } from '@mikro-orm/core';
import { creatorEntities } from '../../src/creators/entities.ts';
import { eventsRoom } from '../../src/events/room.ts';
import { identityRoom } from '../../src/identity/room.ts';
import { ledgerRoom } from '../../src/ledger/room.ts';
import { liveEntities } from '../../src/live/entities.ts';
import { paymentsRoom } from '../../src/payments/room.ts';
import { payoutsRoom } from '../../src/payouts/room.ts';
import { receiptsRoom } from '../../src/receipts/room.ts';
import { subscriptionsRoom } from '../../src/subscriptions/room.ts';
import { TipEntity } from '../../src/tips/room.ts';
import { walletsRoom } from '../../src/wallets/room.ts';

/** Every entity of every room, as the composition root gathers them. */
export const entities: EntitySchema[] = [
  ...creatorEntities,
  ...(eventsRoom.entities ?? []),
  ...(identityRoom.entities ?? []),
  ...(ledgerRoom.entities ?? []),
  ...(liveEntities as unknown as EntitySchema[]),
  ...(paymentsRoom.entities ?? []),
  ...(payoutsRoom.entities ?? []),
  ...(receiptsRoom.entities ?? []),
  ...(subscriptionsRoom.entities ?? []),
  TipEntity as unknown as EntitySchema,
  ...(walletsRoom.entities ?? []),
];
