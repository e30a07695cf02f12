/** Basis points in a whole: 10,000 bps are 100 %. */
export const BPS_PER_WHOLE = 10_000;

const BPS = BigInt(BPS_PER_WHOLE);

/** What a rail takes of a charge: a share in basis points and a fixed part, rounded up to the rail's step (a cent, a yen, ten fils). */
export interface RailFee {
  readonly bps: number;
  readonly fixedMicros: bigint;
  readonly stepMicros: bigint;
}

/**
 * The fee of `bps` basis points on an amount, rounded down to the micro. Throws a RangeError for a negative amount and for bps that are
 * no whole number from 0 to 10,000.
 */
export function feeOf(amountMicros: bigint, bps: number): bigint {
  assertNotNegative('amountMicros', amountMicros);
  return (amountMicros * shareOf(bps)) / BPS;
}

/** An amount parted into the fee of `feeOf` and what is left of it: feeMicros + netMicros = amountMicros, always. */
export function splitFee(amountMicros: bigint, bps: number): { readonly feeMicros: bigint; readonly netMicros: bigint } {
  const feeMicros = feeOf(amountMicros, bps);
  return { feeMicros, netMicros: amountMicros - feeMicros };
}

/**
 * Parts an amount in proportion to `weights`, exactly: the parts sum to the amount, and each is within one micro of its true share
 * (largest remainder; of equal remainders the earlier part gets the micro). Throws a RangeError for a negative amount or weight, and
 * when no weight is above zero.
 */
export function allocate(amountMicros: bigint, weights: readonly bigint[]): bigint[] {
  assertNotNegative('amountMicros', amountMicros);
  weights.forEach((weight, index) => assertNotNegative(`weights[${index}]`, weight));
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  if (total === 0n) throw new RangeError(`cannot allocate by the weights [${weights.join(', ')}]: at least one must be above zero`);

  const parts = weights.map((weight) => (amountMicros * weight) / total);
  const left = amountMicros - parts.reduce((sum, part) => sum + part, 0n);
  const remainders = weights.map((weight, index) => ({ index, remainder: (amountMicros * weight) % total }));
  // The sort is stable, so equal remainders stay in the order of their parts.
  remainders.sort((a, b) => (a.remainder === b.remainder ? 0 : a.remainder > b.remainder ? -1 : 1));
  for (const { index } of remainders.slice(0, Number(left))) parts[index]! += 1n;
  return parts;
}

/**
 * What a rail takes of a charge: bps and the fixed part, rounded up to a whole step, so that a promise made from it is never short.
 * Throws a RangeError for negative micros, a step below one micro, and bps that are no whole number from 0 to 10,000.
 */
export function railFeeOf(chargeMicros: bigint, { bps, fixedMicros, stepMicros }: RailFee): bigint {
  assertNotNegative('chargeMicros', chargeMicros);
  assertNotNegative('fixedMicros', fixedMicros);
  return ceilToStep(ceilDivide(chargeMicros * shareOf(bps), BPS) + fixedMicros, stepMicros);
}

/**
 * The smallest charge in whole steps that leaves at least `amountMicros` after `railFeeOf` the charge. With 2.9 % + 0.30, for 10.00 USD:
 * ceil to the cent of (10.00 + 0.30) / 0.971 = 10.61. The answer may exceed MAX_MICROS when the amount is close to it. Throws like
 * `railFeeOf`, and for a rail that takes the whole charge.
 */
export function grossUp(amountMicros: bigint, { bps, fixedMicros, stepMicros }: RailFee): bigint {
  assertNotNegative('amountMicros', amountMicros);
  assertNotNegative('fixedMicros', fixedMicros);
  const keptBps = BPS - shareOf(bps);
  if (keptBps === 0n) throw new RangeError(`no charge leaves anything after a fee of ${bps} basis points: use less than ${BPS_PER_WHOLE}`);
  // Charge and fee are whole steps, so what is left is too: it reaches the amount when it reaches the amount's next whole step.
  const neededMicros = ceilToStep(amountMicros, stepMicros) + fixedMicros;
  return ceilToStep(ceilDivide(neededMicros * BPS, keptBps), stepMicros);
}

/** The largest whole number of steps that is not above `micros`, towards minus infinity. Throws a RangeError for a step below one micro. */
export function floorToStep(micros: bigint, stepMicros: bigint): bigint {
  return micros - aboveStep(micros, stepMicros);
}

/** The smallest whole number of steps that is not below `micros`. Throws a RangeError for a step below one micro. */
export function ceilToStep(micros: bigint, stepMicros: bigint): bigint {
  return micros + aboveStep(-micros, stepMicros);
}

/** Whether `micros` is a whole number of steps. Throws a RangeError for a step below one micro. */
export function isWholeSteps(micros: bigint, stepMicros: bigint): boolean {
  return aboveStep(micros, stepMicros) === 0n;
}

/** From 0 to step − 1: bigint's own remainder takes the sign of `micros`. */
function aboveStep(micros: bigint, stepMicros: bigint): bigint {
  if (stepMicros < 1n) throw new RangeError(`a step of ${stepMicros} micros is not allowed: the smallest is 1`);
  return ((micros % stepMicros) + stepMicros) % stepMicros;
}

function ceilDivide(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}

function shareOf(bps: number): bigint {
  if (!Number.isInteger(bps) || bps < 0 || bps > BPS_PER_WHOLE) {
    throw new RangeError(`a fee of ${bps} basis points is not allowed: use a whole number from 0 to ${BPS_PER_WHOLE}`);
  }
  return BigInt(bps);
}

function assertNotNegative(name: string, micros: bigint): void {
  if (micros < 0n) throw new RangeError(`${name} must not be negative, but is ${micros}`);
}
