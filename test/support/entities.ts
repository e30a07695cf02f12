import type { EntitySchema } from '@mikro-orm/core';
import { eventsRoom } from '../../src/events/room.ts';

/** Every entity of every room, as the composition root gathers them. */
export const entities: EntitySchema[] = [
  ...(eventsRoom.entities ?? []),
];
