import { newId, transaction, type Clock, type Database, type Sql } from '../../database/room.ts';
import { ceilToStep, currencyOf, isCurrencyCode, isWholeSteps, MICROS_PER_UNIT, railFeeOf } from '../../money/room.ts';
import type { ChargeOutcome, ChargeRequest, PaymentProvider, Rail } from '../port.ts';
import type { SandboxCharge } from './sandbox-charge.ts';

interface Decline {
  readonly message: string;
  readonly retryable: boolean;
}

const declines = {
  card_declined: { message: 'The card was declined.', retryable: false },
  insufficient_funds: { message: 'The card has insufficient funds.', retryable: true },
  invalid_payment_method: {
    message: 'The sandbox knows no such payment method: use pm_sandbox_ok, pm_sandbox_declined or pm_sandbox_insufficient_funds.',
    retryable: false,
  },
} satisfies Record<string, Decline>;

type DeclineCode = keyof typeof declines;

/** What each simulated card does; a card that is not here is declined as unknown. */
const methods: ReadonlyMap<string, DeclineCode | null> = new Map([
  ['pm_sandbox_ok', null],
  ['pm_sandbox_declined', 'card_declined'],
  ['pm_sandbox_insufficient_funds', 'insufficient_funds'],
]);

/**
 * A simulated processor: takes every currency in its ISO 4217 minor unit, keeps 2.9 % and 0.30 of the major unit, and charges nothing
 * below 0.50, both rounded up to that unit. Its memory is its own table, written in its own transactions, as another company's would
 * be. Methods: `pm_sandbox_ok` succeeds at once, `pm_sandbox_declined` and `pm_sandbox_insufficient_funds` decline.
 */
export class SandboxProvider implements PaymentProvider {
  readonly name = 'SANDBOX';
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  rail(currency: string): Rail | null {
    if (!isCurrencyCode(currency)) return null;
    const stepMicros = MICROS_PER_UNIT / 10n ** BigInt(currencyOf(currency).exponent);
    return { bps: 290, fixedMicros: 300_000n, stepMicros, minimumMicros: ceilToStep(500_000n, stepMicros) };
  }

  async createCharge(request: ChargeRequest): Promise<ChargeOutcome> {
    const charge = await transaction(this.#db, (tx) => this.#chargeOnce(tx, request), { rerunLostCommit: true });
    const isSame = charge.amountMicros === request.amountMicros && charge.currency === request.currency && charge.paymentMethod === request.paymentMethod;
    if (!isSame) throw new Error(`The sandbox was asked for another charge under the key ${request.key} before.`);
    return outcomeOf(charge);
  }

  async readCharge(key: string): Promise<ChargeOutcome | null> {
    const charge = await readByKey(this.#db, key);
    return charge && outcomeOf(charge);
  }

  async #chargeOnce(tx: Sql, request: ChargeRequest): Promise<SandboxCharge> {
    const { amountMicros, currency, paymentMethod } = request;
    const rail = this.rail(currency);
    if (!rail || amountMicros < rail.minimumMicros || !isWholeSteps(amountMicros, rail.stepMicros)) {
      throw new RangeError(`The sandbox does not charge ${amountMicros} micros of ${currency}.`);
    }
    const known = methods.get(paymentMethod);
    const declineCode = known === undefined ? 'invalid_payment_method' : known;
    // Waits for a charge of the same key that is being made, and then makes none.
    await tx.query(
      `INSERT INTO sandbox_charge (id, idempotency_key, amount_micros, fee_micros, currency, payment_method, decline_code, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (idempotency_key) DO NOTHING`,
      [
        `ch_sandbox_${newId().replaceAll('-', '')}`, request.key, amountMicros, declineCode ? 0n : railFeeOf(amountMicros, rail), currency, paymentMethod,
        declineCode, this.#clock.now(),
      ],
    );
    return (await readByKey(tx, request.key)) as SandboxCharge;
  }
}

async function readByKey(sql: Sql, key: string): Promise<SandboxCharge | null> {
  const [charge] = await sql.query<SandboxCharge>(
    `SELECT id, amount_micros AS "amountMicros", fee_micros AS "feeMicros", currency, payment_method AS "paymentMethod",
       decline_code AS "declineCode"
     FROM sandbox_charge WHERE idempotency_key = $1`,
    [key],
  );
  return charge ?? null;
}

function outcomeOf(charge: SandboxCharge): ChargeOutcome {
  if (charge.declineCode === null) return { status: 'SUCCEEDED', chargeId: charge.id, feeMicros: charge.feeMicros };
  return { status: 'DECLINED', code: charge.declineCode, ...declines[charge.declineCode as DeclineCode] };
}
