import { hashInput, type UserError } from '../api/room.ts';
import { createCreator, CreatorEntity, createGoal, createTier, GoalEntity, TierEntity, type Creator } from '../creators/room.ts';
import { databaseService, type Database, type Services } from '../database/room.ts';
import { signIn, signUp } from '../identity/room.ts';
import { parseAmount, type Money } from '../money/room.ts';
import { tipSenderService } from '../tips/room.ts';
import { topUpsService } from '../wallets/room.ts';
import { demoCreators, demoFans, demoPassword, type DemoCreator, type DemoFan } from './cast.ts';
import type { DemoClock } from './demo-clock.ts';
import { DemoError } from './demo-error.ts';
import { advanceDemoState, demoState } from './mark.ts';
import { amountIn, wishAt } from './wishes.ts';

export interface Seeded {
  readonly creators: number;
  readonly fans: number;
  readonly tips: number;
}

const tipCount = 64;
const daysBack = 33;
const dayMs = 86_400_000;
/** Any fixed number: it names the lock under which one process at a time seeds. */
const advisoryLock = 7_346_281_907;

/**
 * Writes the demo data through the rooms' own rules: accounts, pages with tiers and goals, wallets filled by the sandbox, and tips of
 * the last weeks. Everything has a key of its own, so a seed that was cut off is finished by the next one, and a second seed changes
 * nothing. The services must have been made with this clock. Throws DemoError when a rule refuses.
 */
export async function seedDemo(services: Services, clock: DemoClock): Promise<Seeded> {
  const db = services.get(databaseService);
  return alone(db, async () => {
    const now = new Date();
    const seeding = new Seeding(services, db);
    if ((await demoState(db)) === 'NONE') await advanceDemoState(db);
    clock.set(new Date(now.getTime() - (daysBack + 1) * dayMs));
    const fanIds = await Promise.all(demoFans.map((fan) => seeding.person(fan)));
    const ownerIds = await Promise.all(demoCreators.map(({ owner }) => seeding.person(owner)));
    const creators: Creator[] = [];
    for (const [index, wanted] of demoCreators.entries()) creators.push(await seeding.page(ownerIds[index] as string, wanted));
    await seeding.fillWallets(fanIds, [...new Set(creators.map(({ currency }) => currency))]);
    for (let index = 0; index < tipCount; index++) {
      // More of them in the last days than in the first; the last one is some minutes old.
      clock.set(new Date(now.getTime() - daysBack * dayMs * (1 - (index + 0.3) / tipCount) ** 2));
      await seeding.tip(index, fanIds, creators);
    }
    if ((await demoState(db)) === 'BEGUN') await advanceDemoState(db);
    return { creators: creators.length, fans: fanIds.length, tips: tipCount };
  });
}

async function alone<T>(db: Database, work: () => Promise<T>): Promise<T> {
  const client = await db.client();
  let failed = true;
  try {
    await client.query('SELECT pg_advisory_lock($1)', [advisoryLock]);
    const result = await work();
    await client.query('SELECT pg_advisory_unlock($1)', [advisoryLock]);
    failed = false;
    return result;
  } finally {
    // Whatever went wrong, a connection that still holds the lock must not go back to the pool.
    client.release(failed);
  }
}

/** Every second tip goes to the page that is shown first; the others share the rest. */
const turns = [3, 0, 3, 1, 3, 2];

class Seeding {
  readonly #services: Services;
  readonly #db: Database;

  constructor(services: Services, db: Database) {
    this.#services = services;
    this.#db = db;
  }

  async person({ email, name }: DemoFan): Promise<string> {
    const account = { email, password: demoPassword };
    try {
      return (await signUp(this.#services, { ...account, name })).personId;
    } catch (error) {
      if ((error as { body?: { code?: unknown } }).body?.code !== 'USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL') throw error;
      const known = await signIn(this.#services, account).catch(() => null);
      if (!known) throw new DemoError(`The account ${email} is there already, with another password than the demo's: the demo cannot use it.`);
      return known.personId;
    }
  }

  async page(ownerId: string, wanted: DemoCreator): Promise<Creator> {
    const { handle, displayName, bio, currency } = wanted;
    const em = this.#db.fork();
    const known = await em.findOne(CreatorEntity, { ownerId });
    const creator = known ?? (await this.#newPage(ownerId, { handle, displayName, bio, currency }));
    const tiers = new Set((await em.find(TierEntity, { creatorId: creator.id })).map(({ name }) => name));
    for (const { price, ...tier } of wanted.tiers.filter(({ name }) => !tiers.has(name))) {
      const input = { ...tier, benefits: [...tier.benefits], price: { amount: price, currency: creator.currency } };
      refuseErrors(`the tier "${tier.name}"`, await createTier(this.#services, ownerId, input));
    }
    const goals = new Set((await em.find(GoalEntity, { creatorId: creator.id })).map(({ title }) => title));
    for (const { title, target } of wanted.goals.filter(({ title }) => !goals.has(title))) {
      const input = { title, target: { amount: target, currency: creator.currency } };
      refuseErrors(`the goal "${title}"`, await createGoal(this.#services, ownerId, input));
    }
    return creator;
  }

  async #newPage(ownerId: string, input: Pick<DemoCreator, 'handle' | 'displayName' | 'bio' | 'currency'>): Promise<Creator> {
    const payload = await createCreator(this.#services, ownerId, input);
    refuseErrors(`the page "${input.handle}"`, payload);
    return payload.creator as Creator;
  }

  /** Enough for the demo's tips and then some, in every currency there is. */
  async fillWallets(fanIds: readonly string[], currencies: readonly string[]): Promise<void> {
    const topUps = this.#services.get(topUpsService);
    const wanted = fanIds.flatMap((personId) => currencies.map((currency) => ({ personId, amount: amountOf('100', currency) })));
    for (const { personId, amount } of wanted) {
      const inputHash = hashInput('topUpWallet', { micros: amount.micros, currency: amount.currency, provider: 'SANDBOX', paymentMethod: 'pm_sandbox_ok' });
      const command = { personId, idempotencyKey: `demo-top-up-${amount.currency}`, inputHash, amount, provider: 'SANDBOX', paymentMethod: 'pm_sandbox_ok' };
      const outcome = await topUps.topUp(command);
      if (outcome.kind !== 'ANSWERED') throw new DemoError(`The demo's top-up of ${amount.currency} was refused: ${outcome.kind}.`);
      if (outcome.topUp.status !== 'SUCCEEDED') throw new DemoError(`The demo's top-up of ${amount.currency} is ${outcome.topUp.status}.`);
    }
  }

  async tip(index: number, fanIds: readonly string[], creators: readonly Creator[]): Promise<void> {
    const wish = wishAt(index);
    const creator = creators[turns[index % turns.length] as number] as Creator;
    const parts = {
      creatorId: creator.id,
      amount: amountOf(wish.amount, creator.currency),
      message: wish.message ?? null,
      displayName: wish.displayName ?? null,
      isAnonymous: wish.isAnonymous ?? false,
    };
    const outcome = await this.#services.get(tipSenderService).send({
      ...parts,
      // A step that shares no factor with the fans' number: each gives to each creator.
      senderId: fanIds[(index * 5 + Math.floor(index / fanIds.length)) % fanIds.length] as string,
      idempotencyKey: `demo-tip-${index}`,
      inputHash: hashInput('sendTip', { ...parts, funding: 'WALLET' }),
    });
    if (outcome.kind !== 'SENT' && outcome.kind !== 'REPLAYED') throw new DemoError(`The demo's tip ${index} to "${creator.handle}" was refused: ${outcome.kind}.`);
  }
}

function amountOf(dollars: string, currency: string): Money {
  const parsed = parseAmount({ amount: amountIn(currency, dollars), currency });
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.money;
}

function refuseErrors(what: string, { errors: [error] }: { readonly errors: readonly UserError[] }): void {
  if (error) throw new DemoError(`The demo could not make ${what}: ${error.message}`);
}
