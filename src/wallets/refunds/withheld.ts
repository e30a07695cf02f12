import type { Sql } from '../../database/room.ts';
import { floorToStep } from '../../money/room.ts';
import type { TopUp } from '../top-up.ts';
import type { RefundSums } from './refund-rows.ts';

/** What the platform bore of a top-up's charge: the provider's fee, as far as the fan did not pay it. The posting says it, whatever the settings are today. */
export async function readBorne(sql: Sql, topUpId: string): Promise<bigint> {
  const [row] = await sql.query<{ micros: bigint }>(
    `SELECT coalesce(-sum(entry.amount), 0)::bigint AS micros
     FROM posting JOIN entry ON entry.posting_id = posting.id JOIN account ON account.id = entry.account_id
     WHERE posting.cause_id = $1 AND posting.kind = 'TOP_UP' AND account.kind = 'platform_loss'`,
    [topUpId],
  );
  return row?.micros ?? 0n;
}

/** A top-up of which something goes back, and what did before. */
export interface Withholding {
  readonly topUp: Pick<TopUp, 'amountMicros'>;
  readonly borneMicros: bigint;
  readonly sums: Pick<RefundSums, 'promisedMicros' | 'withheldMicros'>;
  readonly stepMicros: bigint;
}

/**
 * What is withheld of an amount that a refund takes from the wallet: the provider does not return its fee, so what the platform bore of
 * it is kept in the proportion in which the top-up goes back, in whole steps. Parts that go back one after the other withhold what the
 * whole would.
 */
export function withheldOf({ topUp, borneMicros, sums, stepMicros }: Withholding, takenMicros: bigint): bigint {
  const shareMicros = (borneMicros * (sums.promisedMicros + takenMicros)) / topUp.amountMicros;
  const withheldMicros = floorToStep(shareMicros, stepMicros) - sums.withheldMicros;
  return withheldMicros > 0n ? withheldMicros : 0n;
}

/** The least that a refund may take so that, less what is withheld, `leastMicros` go back; null when not even `mostMicros` do. */
export function leastTaken(withholding: Withholding, leastMicros: bigint, mostMicros: bigint): bigint | null {
  for (let takenMicros = leastMicros; takenMicros <= mostMicros; takenMicros += withholding.stepMicros) {
    if (takenMicros - withheldOf(withholding, takenMicros) >= leastMicros) return takenMicros;
  }
  return null;
}
