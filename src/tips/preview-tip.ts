import { Arg, Ctx, Field, Float, ID, ObjectType, Query, Resolver } from 'type-graphql';
import { decodeIdOf, ErrorCode, Funding, MoneyInput, MoneyType, parseMoneyInput, UserError, type RequestContext } from '../api/room.ts';
import { configService } from '../config.ts';
import { CREATOR_PREFIX, readTipTargets, type TipTarget } from '../creators/room.ts';
import { databaseService } from '../database/room.ts';
import { money, splitFee, type Money } from '../money/room.ts';
import { paymentProvidersService, type Rail } from '../payments/room.ts';
import { defaultProvider, readWalletOf } from '../wallets/room.ts';
import { partsOf, quoteCardTip } from './card-tip-quote.ts';
import { noCreatorAt } from './parse-tip.ts';
import { misfitOf, type TipMisfit } from './send-tip.ts';

@ObjectType('FundingOption', { description: 'What a tip costs by one way of paying.' })
export class FundingOption {
  @Field(() => Funding, { description: 'The way of paying.' })
  funding!: Funding;

  @Field(() => Boolean, { description: 'Whether the tip can be paid so.' })
  available!: boolean;

  @Field(() => ErrorCode, { nullable: true, description: 'Why it cannot; null when it can.' })
  unavailableReason!: ErrorCode | null;

  @Field(() => MoneyType, { description: 'What the fan pays.' })
  fanPays!: Money;

  @Field(() => MoneyType, { description: 'What the card\'s processor keeps of it.' })
  processorFee!: Money;

  @Field(() => MoneyType, { description: 'What the platform keeps of it.' })
  platformFee!: Money;

  @Field(() => MoneyType, { description: 'What reaches the creator: zero where the fees are as much as the tip, or more.' })
  creatorReceives!: Money;

  @Field(() => Float, { description: 'All fees, as a percentage of what the fan pays.' })
  feePercent!: number;
}

@ObjectType({ description: 'What a tip costs by each way of paying.' })
export class TipPreviewPayload {
  @Field(() => [FundingOption], { description: 'One for the wallet and one for a card; none when there are errors.' })
  options!: FundingOption[];

  @Field(() => [UserError], { description: 'Why there can be no such tip, however it is paid; empty when there can.' })
  errors!: UserError[];
}

@Resolver()
export class TipPreviews {
  @Query(() => TipPreviewPayload, { description: 'What a small payment costs by each way of paying, so that a page can say it before the fan chooses.' })
  async previewTip(
    @Arg('creatorId', () => ID, { description: 'The creator.' }) creatorId: string,
    @Arg('amount', () => MoneyInput, { description: 'How much, in the creator\'s currency.' }) input: MoneyInput,
    @Ctx() context: RequestContext,
  ): Promise<TipPreviewPayload> {
    const amount = parseMoneyInput(input, ['amount']);
    const uuid = decodeIdOf(CREATOR_PREFIX, creatorId);
    const target = uuid === null ? undefined : (await readTipTargets(context.services.get(databaseService), [uuid])).get(uuid);
    const errors = [amount.ok ? null : amount.error, target ? null : noCreatorAt(creatorId, ['creatorId'])].filter((error) => error !== null);
    if (!amount.ok || !target) return { options: [], errors };
    return { options: await optionsOf(amount.money, target, context), errors: [] };
  }
}

async function optionsOf(amount: Money, target: TipTarget, context: RequestContext): Promise<FundingOption[]> {
  const misfit = misfitOf({ amount, message: null }, null, target);
  const isOwn = context.viewer?.personId === target.ownerId;
  const general = isOwn ? ErrorCode.SELF_PAYMENT : misfit && codes[misfit.kind];
  const { services } = context;
  const { platformFeeBps } = services.get(configService);
  const providers = services.get(paymentProvidersService);
  const provider = defaultProvider(providers);
  const rail = (provider === null ? undefined : providers.get(provider))?.rail(amount.currency, 'CHARGE') ?? null;
  return [
    fromWallet(amount, platformFeeBps, general ?? (await walletProblem(amount, context))),
    byCard(amount, platformFeeBps, rail, general ?? cardProblem(amount, platformFeeBps, rail, target)),
  ];
}

const codes: Record<TipMisfit['kind'], ErrorCode> = {
  ACCOUNT_FROZEN: ErrorCode.ACCOUNT_FROZEN,
  SELF_PAYMENT: ErrorCode.SELF_PAYMENT,
  CURRENCY_MISMATCH: ErrorCode.CURRENCY_MISMATCH,
  AMOUNT_OUT_OF_RANGE: ErrorCode.AMOUNT_OUT_OF_RANGE,
  MESSAGE_TOO_LONG: ErrorCode.INVALID_INPUT,
};

/** Of nobody in particular the wallet is not known: whoever signs in may have enough. */
async function walletProblem(amount: Money, { services, viewer }: RequestContext): Promise<ErrorCode | null> {
  if (!viewer) return null;
  const wallet = await readWalletOf(services.get(databaseService), viewer.personId, amount.currency);
  return (wallet?.balanceMicros ?? 0n) < amount.micros ? ErrorCode.INSUFFICIENT_FUNDS : null;
}

function cardProblem(amount: Money, feeBps: number, rail: Rail | null, target: TipTarget): ErrorCode | null {
  const quoted = quoteCardTip(amount, rail, feeBps, target);
  if (quoted.kind === 'QUOTED') return null;
  if (quoted.kind === 'CURRENCY_NOT_TAKEN') return ErrorCode.PROVIDER_UNAVAILABLE;
  return quoted.kind === 'NOT_WHOLE_STEPS' ? ErrorCode.INVALID_INPUT : ErrorCode.AMOUNT_OUT_OF_RANGE;
}

function fromWallet(amount: Money, feeBps: number, reason: ErrorCode | null): FundingOption {
  return optionOf(Funding.WALLET, amount, { ...splitFee(amount.micros, feeBps), processorFeeMicros: 0n }, reason);
}

function byCard(amount: Money, feeBps: number, rail: Rail | null, reason: ErrorCode | null): FundingOption {
  const parts = rail ? partsOf(amount.micros, rail, feeBps) : { ...splitFee(amount.micros, feeBps), processorFeeMicros: 0n };
  return optionOf(Funding.CARD, amount, parts, reason);
}

interface Parts {
  readonly feeMicros: bigint;
  readonly processorFeeMicros: bigint;
  readonly netMicros: bigint;
}

function optionOf(funding: Funding, amount: Money, { feeMicros, processorFeeMicros, netMicros }: Parts, reason: ErrorCode | null): FundingOption {
  const { micros, currency } = amount;
  return {
    funding,
    available: reason === null,
    unavailableReason: reason,
    fanPays: amount,
    processorFee: money(processorFeeMicros, currency),
    platformFee: money(feeMicros, currency),
    creatorReceives: money(netMicros > 0n ? netMicros : 0n, currency),
    // To a hundredth of a percent, from whole numbers.
    feePercent: Number(((feeMicros + processorFeeMicros) * 10_000n + micros / 2n) / micros) / 100,
  };
}
