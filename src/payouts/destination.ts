import { defineEntity, p } from '@mikro-orm/core';

/** A bank account, say, that a creator may be paid to. What it is in full only the provider knows. */
export const PayoutDestinationEntity = defineEntity({
  name: 'PayoutDestination',
  tableName: 'payout_destination',
  properties: {
    id: p.uuid().primary(),
    creatorId: p.uuid(),
    provider: p.text(),
    providerKey: p.text(),
    destinationToken: p.text(),
    label: p.text(),
    /** The one that payouts go to: the last that was added. */
    isCurrent: p.boolean(),
    verifiedAt: p.datetime().columnType('timestamptz').nullable(),
    /** How often the small deposits were guessed wrong. */
    attempts: p.integer().defaultRaw('0'),
    createdAt: p.datetime().columnType('timestamptz'),
  },
});

/** A destination as rules and the API read it. */
export interface Destination {
  readonly id: string;
  readonly creatorId: string;
  readonly provider: string;
  /** The provider's own name for it. */
  readonly destinationToken: string;
  /** For people, such as "Bank ending in 6789". */
  readonly label: string;
  readonly isCurrent: boolean;
  readonly verifiedAt: Date | null;
  readonly attempts: number;
  readonly createdAt: Date;
}

/** How many guesses of the two deposits a destination allows: the table's CHECK says the same. */
export const mostAttempts = 5;
/** How many destinations a page may try within a day: each costs two deposits, and a refused one tells whether it exists. */
export const mostDestinationsADay = 10;
