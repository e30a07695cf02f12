export { CURRENCIES, currencyOf, isCurrencyCode, unitScaleOf, type Currency, type CurrencyCode } from './currency.ts';
export {
  formatDecimal, MAX_DECIMAL_LENGTH, parseAmount, parseDecimal,
  type AmountProblem, type AmountResult, type DecimalProblem, type DecimalResult,
} from './decimal.ts';
export {
  allocate, BPS_PER_WHOLE, ceilToStep, feeOf, floorToStep, grossUp, isWholeSteps, railFeeOf, splitFee, type RailFee,
} from './fees.ts';
export { formatMoney } from './format.ts';
export { add, compare, equal, fitsInMicros, MAX_MICROS, MICROS_PER_UNIT, money, subtract, zero, type Money } from './money.ts';
