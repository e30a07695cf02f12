import { Arg, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import {
  Allow, AmountOutOfRange, decodeCursor, encodeCursor, hashInput, idempotencyKeyProblem, invalidCursor, MoneyInput, pageOf, pageSize, parseMoneyInput,
  textProblem, type Connection, type ParsedMoney, type RequestContext, type UserError, type Viewer,
} from '../api/room.ts';
import { databaseService, isUuid, readCounters } from '../database/room.ts';
import { addressHash, signedIn, ViewerType } from '../identity/room.ts';
import { money } from '../money/room.ts';
import { paymentFailures, topUpRefusal } from './top-up-errors.ts';
import { readTopUpsOf } from './top-up-rows.ts';
import { TopUpConnection, TopUpPayload, TopUpPreviewPayload, TopUpWalletInput } from './top-up-type.ts';
import { topUpCounter, topUpsService, type TopUpWallet } from './top-ups.ts';
import type { TopUp } from './top-up.ts';
import { WalletType } from './wallet-type.ts';
import { readWalletOf, readWalletsOf, type Wallet } from './wallet.ts';

const longestPaymentMethod = 255;
const topUpList = 'top-ups';

@Resolver()
export class WalletOperations {
  @Query(() => TopUpPreviewPayload, { description: 'What a top-up would cost, so that a page can say it before the fan chooses.' })
  previewTopUp(
    @Arg('amount', () => MoneyInput, { description: 'What the wallet is to get.' }) input: MoneyInput,
    @Ctx() context: RequestContext,
  ): TopUpPreviewPayload {
    const amountPath = ['amount'];
    const amount = parseTopUpAmount(input, amountPath, context, null);
    if (!amount.ok) return { preview: null, errors: [amount.error] };
    const price = context.services.get(topUpsService).price(amount.money, null);
    if (price.kind === 'QUOTED') return { preview: price.quote, errors: [] };
    const asked = { amount: amount.money, amountPath, provider: null, paymentMethodId: null, idempotencyKey: '' };
    return { preview: null, errors: [topUpRefusal(price, asked)] };
  }

  @Allow(signedIn)
  @Mutation(() => TopUpPayload, {
    description: 'Brings money into the viewer\'s wallet. Safe to send again with the same key: the card is charged once, and while the outcome is not known the top-up is PENDING.',
  })
  async topUpWallet(
    @Arg('input', () => TopUpWalletInput, { description: 'The top-up.' }) input: TopUpWalletInput,
    @Ctx() context: RequestContext,
  ): Promise<TopUpPayload> {
    const command = parseTopUp(input, context);
    if ('errors' in command) return { topUp: null, wallet: null, errors: command.errors };
    const outcome = await context.services.get(topUpsService).topUp(command);
    if (outcome.kind !== 'ANSWERED') {
      return { topUp: null, wallet: null, errors: [topUpRefusal(outcome, { ...command, paymentMethodId: command.paymentMethod, amountPath: ['input', 'amount'] })] };
    }
    const { topUp } = outcome;
    const wallet = await readWalletOf(context.services.get(databaseService), topUp.personId, topUp.currency);
    return { topUp, wallet, errors: paymentFailures(topUp) };
  }
}

@Resolver(() => ViewerType)
export class ViewerWallets {
  @FieldResolver(() => [WalletType], { description: 'The account\'s wallets, one a currency, by code.' })
  wallets(@Root() viewer: ViewerType, @Ctx() context: RequestContext): Promise<Wallet[]> {
    return readWalletsOf(context.services.get(databaseService), viewer.personId);
  }

  @FieldResolver(() => TopUpConnection, { description: 'The account\'s top-ups, newest first, failed and pending ones too.' })
  async topUps(
    @Root() { personId }: ViewerType,
    @Ctx() context: RequestContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: 'How many: 1 to 100.' }) first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ): Promise<Connection<TopUp>> {
    const size = pageSize({ first });
    const beforeId = decodeCursor(topUpList, 1, after)?.[0] ?? null;
    if (beforeId !== null && !isUuid(beforeId)) throw invalidCursor(after as string);
    const db = context.services.get(databaseService);
    return pageOf(await readTopUpsOf(db, personId, beforeId, size + 1), {
      size,
      cursorOf: (topUp) => encodeCursor(topUpList, topUp.id),
      hasPreviousPage: beforeId !== null,
      totalCount: async () => (await readCounters(db, topUpCounter, [personId])).get(personId) ?? 0,
    });
  }
}

/** Everything about the input that can be told without looking anything up, all mistakes at once. */
function parseTopUp(input: TopUpWalletInput, context: RequestContext): TopUpWallet | { errors: UserError[] } {
  const amount = parseTopUpAmount(input.amount, ['input', 'amount'], context, input.provider ?? null);
  const paymentMethod = input.paymentMethodId ?? null;
  const problems = [
    idempotencyKeyProblem(input.idempotencyKey, ['input', 'idempotencyKey']),
    amount.ok ? null : amount.error,
    paymentMethod === null ? null : textProblem(paymentMethod, { minimum: 1, maximum: longestPaymentMethod }, ['input', 'paymentMethodId']),
  ].filter((problem) => problem !== null);
  if (problems.length > 0 || !amount.ok) return { errors: problems };
  const { micros, currency } = amount.money;
  return {
    personId: (context.viewer as Viewer).personId,
    idempotencyKey: input.idempotencyKey,
    // What was asked for, not what it defaults to: the default provider may change between two tries.
    inputHash: hashInput('topUpWallet', { micros, currency, provider: input.provider ?? null, paymentMethod }),
    amount: amount.money,
    provider: input.provider ?? null,
    paymentMethod,
    addressHash: addressHash(context.services, context.remoteAddress),
  };
}

/** An amount of zero or less is told the range of top-ups, as one that is merely too small is. */
function parseTopUpAmount(input: MoneyInput, path: readonly string[], { services }: RequestContext, provider: string | null): ParsedMoney {
  const parsed = parseMoneyInput(input, path);
  if (parsed.ok || !(parsed.error instanceof AmountOutOfRange)) return parsed;
  const price = services.get(topUpsService).price(money(0n, input.currency), provider);
  if (price.kind !== 'AMOUNT_OUT_OF_RANGE') return parsed;
  const range = { minimumMicros: price.minimum.micros, maximumMicros: price.maximum.micros };
  return parseMoneyInput(input, path, range);
}
