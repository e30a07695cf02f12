import { currencyOf, formatDecimal, MICROS_PER_UNIT, parseDecimal } from '../money/room.ts';

/** What somebody gives and says, before it is known whom they are. */
export interface Wish {
  /** In units that are worth about a dollar. */
  readonly amount: string;
  readonly message?: string;
  readonly isAnonymous?: boolean;
  /** A name for this one tip. */
  readonly displayName?: string;
}

/** Varied as tips are: fractions of a cent and large ones, many scripts, silence, and text that only looks like markup. */
const wishes: readonly Wish[] = [
  { amount: '0.05', message: 'Love the stream! 🎉' },
  { amount: '1', message: 'First tip ever, hello from Lisbon' },
  { amount: '0.01' },
  { amount: '3.50', message: 'Buy yourself a coffee ☕' },
  { amount: '0.000001', message: 'The smallest tip there is' },
  { amount: '0.25', message: '頑張って！いつも見てます 🌸' },
  { amount: '5', message: 'For the new parts 🔧🔩' },
  { amount: '0.10', isAnonymous: true, message: 'A lurker says thanks' },
  { amount: '0.02', message: 'two cents, literally' },
  { amount: '12.34', message: 'You explained in five minutes what my textbook could not.\nThank you.' },
  { amount: '0.5', message: 'مرحبا من القاهرة 👋' },
  { amount: '0.003', message: 'a third of a cent for a third of a joke' },
  { amount: '2', message: 'LET’S GOOOO 🚀🚀🚀' },
  { amount: '0.05', isAnonymous: true },
  { amount: '0.75', displayName: 'The whole office', message: 'We are all watching instead of working' },
  { amount: '20', message: 'Keep it free for those who cannot pay. This one is for ten of them.' },
  { amount: '0.01', message: '<b>bold</b> & "quoted": it stays text' },
  { amount: '1.11', message: '🧑‍🚀👩🏽‍🔬🏳️‍🌈' },
  { amount: '0.20', message: 'Привет! Отличный эфир' },
  { amount: '7.77' },
  { amount: '0.0005', message: 'paid by the second' },
  { amount: '0.33', message: 'Grüße aus Köln ❤️' },
  { amount: '4', message: 'sorry I missed the start, here is my entrance fee' },
];

/** The wish number `index`; they begin anew after the last one. */
export function wishAt(index: number): Wish {
  return wishes[index % wishes.length] as Wish;
}

/**
 * An amount of about so many dollars in a currency, as decimal text: where there are no cents a unit is worth about one, so whole
 * amounts count a hundredfold. Fractions of a cent stay what they are: any currency takes them.
 */
export function amountIn(currency: string, dollars: string): string {
  const parsed = parseDecimal(dollars);
  if (!parsed.ok) throw new Error(parsed.message);
  const isScaled = currencyOf(currency).exponent === 0 && parsed.micros >= MICROS_PER_UNIT / 100n;
  return isScaled ? formatDecimal(parsed.micros * 100n, currency) : dollars;
}
