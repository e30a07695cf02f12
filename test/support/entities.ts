import type { EntitySchema } from '@mikro-orm/core';

/** Every entity of every room, as the composition root gathers them. */
export const entities: EntitySchema[] = [];
