import { wish, type Wish } from './support.ts';

export interface ModelCreator {
  readonly id: string;
  readonly ownerId: string;
  readonly currency: string;
  readonly minimum: bigint;
  readonly maximum: bigint;
  readonly goalId: string;
  readonly goalTarget: bigint;
}

interface Done {
  readonly hash: string;
}

/** What tips should leave behind, told the simple way: one tip after the other, plain maps, no database. */
export class TipModel {
  readonly #creators: ReadonlyMap<string, ModelCreator>;
  readonly #frozen: ReadonlySet<string>;
  readonly #names: ReadonlyMap<string, string>;
  readonly #amounts = new Map<string, bigint>();
  readonly #labels = new Map<string, string>();
  readonly #done = new Map<string, Done>();

  constructor(given: { creators: readonly ModelCreator[]; frozen: ReadonlySet<string>; names: ReadonlyMap<string, string> }, copied?: TipModel) {
    this.#creators = new Map(given.creators.map((creator) => [creator.id, creator]));
    this.#frozen = given.frozen;
    this.#names = given.names;
    if (!copied) return;
    this.#amounts = new Map(copied.#amounts);
    this.#labels = new Map(copied.#labels);
    this.#done = new Map(copied.#done);
  }

  copy(): TipModel {
    return new TipModel({ creators: [...this.#creators.values()], frozen: this.#frozen, names: this.#names }, this);
  }

  fund(personId: string, currency: string, by: bigint): void {
    this.#add(`wallet ${personId} ${currency}`, by);
  }

  /** The outcomes of wishes that are decided one after the other, with this fee and on this day. */
  run(wishes: readonly Wish[], feeBps: bigint, day: string): string[] {
    return wishes.map((given) => this.#send(given, feeBps, day));
  }

  #send(given: Wish, feeBps: bigint, day: string): string {
    const { senderId, amountMicros: amount, currency = 'USD' } = given;
    const key = `${senderId} ${given.key}`;
    const hash = wish(given).inputHash.toString('hex');
    const done = this.#done.get(key);
    if (done) return done.hash === hash ? 'REPLAYED' : 'IDEMPOTENCY_MISMATCH';
    const creator = this.#creators.get(given.creatorId);
    if (!creator) return 'CREATOR_NOT_FOUND';
    if (this.#frozen.has(senderId)) return 'ACCOUNT_FROZEN';
    if (creator.ownerId === senderId) return 'SELF_PAYMENT';
    if (creator.currency !== currency) return 'CURRENCY_MISMATCH';
    if (amount < creator.minimum || amount > creator.maximum) return 'AMOUNT_OUT_OF_RANGE';
    if ((given.message ?? '').length > 500) return 'MESSAGE_TOO_LONG';
    if ((this.#amounts.get(`wallet ${senderId} ${currency}`) ?? 0n) < amount) return 'INSUFFICIENT_FUNDS';
    this.#done.set(key, { hash });
    this.#book(given, creator, amount, (amount * feeBps) / 10_000n, day);
    return 'SENT';
  }

  #book(given: Wish, creator: ModelCreator, amount: bigint, fee: bigint, day: string): void {
    const { senderId } = given;
    this.#add(`wallet ${senderId} ${creator.currency}`, -amount);
    this.#add(`earnings ${creator.id} ${creator.currency}`, amount - fee);
    this.#add(`platform_fee ${creator.currency}`, fee);
    this.#add(`sent ${senderId}`, 1n);
    this.#add(`stream ${creator.id}`, 1n);
    this.#add(`raised ${creator.goalId}`, amount);
    if (this.#amounts.get(`raised ${creator.goalId}`)! >= creator.goalTarget) this.#labels.set(`reached ${creator.goalId}`, 'yes');
    this.#add(`day ${creator.id} ${day} total`, amount);
    this.#add(`day ${creator.id} ${day} count`, 1n);
    if (given.isAnonymous) return;
    this.#labels.set(`name ${creator.id} ${senderId}`, given.displayName ?? this.#names.get(senderId)!);
    for (const period of [`DAY ${day}`, `MONTH ${day.slice(0, 7)}-01`, 'ALL_TIME 1970-01-01']) this.#add(`total ${creator.id} ${senderId} ${period}`, amount);
  }

  #add(name: string, by: bigint): void {
    this.#amounts.set(name, (this.#amounts.get(name) ?? 0n) + by);
  }

  /** Every figure that is not zero, and every label, sorted. */
  lines(): string[] {
    const amounts = [...this.#amounts].filter(([, value]) => value !== 0n).map(([name, value]) => `${name} = ${value}`);
    return [...amounts, ...[...this.#labels].map(([name, value]) => `${name} = ${value}`)].sort();
  }
}
