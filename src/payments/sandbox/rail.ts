import { ceilToStep, currencyOf, isCurrencyCode, isWholeSteps, MICROS_PER_UNIT } from '../../money/room.ts';
import type { Rail, RailOperation } from '../port.ts';

/**
 * What the simulated processor takes of a currency: every one in its ISO 4217 minor unit. Of a charge it keeps 2.9 % and 0.30 of the
 * major unit, and charges nothing below 0.50, both rounded up to that unit. Refunds and payouts cost nothing.
 */
export function sandboxRail(currency: string, operation: RailOperation): Rail | null {
  if (!isCurrencyCode(currency)) return null;
  const stepMicros = MICROS_PER_UNIT / 10n ** BigInt(currencyOf(currency).exponent);
  if (operation !== 'CHARGE') return { bps: 0, fixedMicros: 0n, stepMicros, minimumMicros: stepMicros };
  return { bps: 290, fixedMicros: 300_000n, stepMicros, minimumMicros: ceilToStep(500_000n, stepMicros) };
}

/** Something that the processor was asked for and does not do: the asker's mistake. */
export class BadRequest extends Error {
  override name = 'BadRequest';
}

/** The rail for an amount that it takes. Throws `BadRequest` for any other. */
export function railFor(amountMicros: bigint, currency: string, operation: RailOperation): Rail {
  const rail = sandboxRail(currency, operation);
  if (!rail || amountMicros < rail.minimumMicros || !isWholeSteps(amountMicros, rail.stepMicros)) {
    throw new BadRequest(`The sandbox does not ${operation.toLowerCase()} ${amountMicros} micros of ${currency}.`);
  }
  return rail;
}
