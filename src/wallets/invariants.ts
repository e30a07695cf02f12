import type { Invariant } from '../database/room.ts';
import { paidStatusList } from '../payments/room.ts';

export const walletInvariants: readonly Invariant[] = [
  {
    name: 'every top-up that succeeded has its posting',
    sql: `SELECT top_up.id, top_up.currency FROM top_up
          WHERE top_up.status IN ${paidStatusList}
            AND NOT EXISTS (SELECT FROM posting WHERE posting.cause_id = top_up.id AND posting.kind = 'TOP_UP')`,
  },
  {
    name: 'every top-up posting has its top-up, which succeeded, and moves what it says between the right accounts',
    sql: `SELECT posting.id, posting.currency, top_up.id AS top_up_id
          FROM posting LEFT JOIN top_up ON top_up.id = posting.cause_id
          WHERE posting.kind = 'TOP_UP' AND (
            top_up.id IS NULL OR top_up.status NOT IN ${paidStatusList} OR top_up.currency <> posting.currency
            OR NOT EXISTS (SELECT FROM entry JOIN account ON account.id = entry.account_id
              WHERE entry.posting_id = posting.id AND account.kind = 'wallet' AND account.owner_id = top_up.person_id
                AND entry.amount = top_up.amount_micros)
            OR NOT EXISTS (SELECT FROM entry JOIN account ON account.id = entry.account_id
              WHERE entry.posting_id = posting.id AND account.kind = 'clearing' AND entry.amount = -top_up.charged_micros))`,
  },
  {
    name: 'every automatic top-up charges a method that its person has',
    sql: `SELECT auto_top_up.person_id, auto_top_up.payment_method_id FROM auto_top_up
          JOIN payment_method ON payment_method.id = auto_top_up.payment_method_id
          WHERE payment_method.person_id <> auto_top_up.person_id OR payment_method.status <> 'SAVED' OR payment_method.removed_at IS NOT NULL`,
  },
  {
    name: 'every account\'s count of top-ups is how many it has',
    sql: `SELECT coalesce(counted.owner_id, made.person_id) AS person_id, counted.value, made.top_ups
          FROM (SELECT owner_id, value FROM counter WHERE name = 'top_ups') counted
          FULL JOIN (SELECT person_id, count(*) AS top_ups FROM top_up GROUP BY person_id) made ON made.person_id = counted.owner_id
          WHERE counted.value IS DISTINCT FROM made.top_ups`,
  },
];
