import type { Sql } from '../../database/room.ts';
import type { Declined } from '../port.ts';

interface Refusal {
  readonly message: string;
  readonly retryable: boolean;
}

const refusals = {
  card_declined: { message: 'The card was declined.', retryable: false },
  insufficient_funds: { message: 'The card has insufficient funds.', retryable: true },
  authentication_required: { message: 'The card asks its owner to confirm, who is not there.', retryable: false },
  action_refused: { message: 'The payer did not confirm the payment.', retryable: true },
  action_expired: { message: 'The payer did not confirm the payment in time.', retryable: true },
  canceled: { message: 'The payment was called off before its payer confirmed it.', retryable: true },
  invalid_payment_method: {
    message: 'The card is not known: enter it again, or use another one.',
    retryable: false,
  },
  charge_not_paid: { message: 'Only a payment that succeeded can be refunded.', retryable: false },
  charge_disputed: { message: 'The payment is disputed: the payer\'s bank has the money.', retryable: false },
  amount_too_large: { message: 'More than is left of the payment cannot be refunded.', retryable: false },
  returned_by_bank: { message: 'The bank sent the money back.', retryable: false },
  destination_unverified: { message: 'The bank account is not verified yet.', retryable: true },
  account_closed: { message: 'The bank account is closed.', retryable: false },
  invalid_destination: {
    message: 'The sandbox knows no such bank account: use ba_sandbox_ok, ba_sandbox_slow or ba_sandbox_closed.',
    retryable: false,
  },
} satisfies Record<string, Refusal>;

export type RefusalCode = keyof typeof refusals;

/** A refusal in the port's words. */
export function declined(code: RefusalCode): Declined {
  return { status: 'DECLINED', code, ...refusals[code] };
}

export interface Card {
  /** What a charge of it comes to; null when it succeeds. */
  readonly refusal: RefusalCode | null;
  readonly asksForAction: boolean;
  /** STALL answers late; SILENT never does, though it charges. */
  readonly answers: 'AT_ONCE' | 'STALL' | 'SILENT';
  /** Its owner disputes each charge a week later. */
  readonly disputes: boolean;
  readonly lastDigits: string;
}

const works: Card = { refusal: null, asksForAction: false, answers: 'AT_ONCE', disputes: false, lastDigits: '4242' };

const cards: ReadonlyMap<string, Card> = new Map([
  ['pm_sandbox_ok', works],
  ['pm_sandbox_declined', { ...works, refusal: 'card_declined', lastDigits: '0002' }],
  ['pm_sandbox_insufficient_funds', { ...works, refusal: 'insufficient_funds', lastDigits: '9995' }],
  ['pm_sandbox_action', { ...works, asksForAction: true, lastDigits: '3220' }],
  ['pm_sandbox_stall', { ...works, answers: 'STALL', lastDigits: '6079' }],
  ['pm_sandbox_silent', { ...works, answers: 'SILENT', lastDigits: '0119' }],
  ['pm_sandbox_dispute', { ...works, disputes: true, lastDigits: '0259' }],
]);
const entered: Card = { ...works, asksForAction: true };
const unknown: Card = { ...works, refusal: 'invalid_payment_method' };

/** The card behind a token of the provider's form; undefined when there is none. */
export function cardOfToken(token: string): Card | undefined {
  return cards.get(token);
}

/**
 * The card that a charge names: a token, or a saved method, which only its own customer may use. Without a name the payer enters one
 * on the processor's page.
 */
export async function cardOf(sql: Sql, paymentMethod: string | null, customer: string | null): Promise<Card> {
  if (paymentMethod === null) return entered;
  const known = cards.get(paymentMethod);
  if (known) return known;
  const [saved] = await sql.query<{ token: string }>(
    `SELECT token FROM sandbox_method WHERE id = $1 AND customer = $2 AND status = 'SUCCEEDED' AND forgotten_at IS NULL`,
    [paymentMethod, customer],
  );
  return (saved && cards.get(saved.token)) ?? unknown;
}
