import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { Allow, decodeIdOf, hashInput, idempotencyKeyProblem, type RequestContext, type Viewer } from '../../api/room.ts';
import { databaseService } from '../../database/room.ts';
import { signedIn } from '../../identity/room.ts';
import { readTopUps } from '../top-up-rows.ts';
import { topUpPrefix } from '../top-up.ts';
import { refundFailures, refundTopUpRefusal, topUpNotFound } from './refund-errors.ts';
import { topUpRefundsService } from './refund-top-up.ts';
import { RefundPayload, RefundTopUpInput } from './refund-type.ts';

@Resolver()
export class TopUpRefundMutations {
  @Allow(signedIn)
  @Mutation(() => RefundPayload, {
    description: 'Sends what is left of a top-up in the wallet back to where it came from, in whole steps of the card\'s rail. What the card\'s processor took is not returned.',
  })
  async refundTopUp(
    @Arg('input', () => RefundTopUpInput, { description: 'Which top-up.' }) input: RefundTopUpInput,
    @Ctx() context: RequestContext,
  ): Promise<RefundPayload> {
    const topUpId = decodeIdOf(topUpPrefix, input.topUpId);
    const errors = [
      idempotencyKeyProblem(input.idempotencyKey, ['input', 'idempotencyKey']),
      topUpId === null ? topUpNotFound(input.topUpId) : null,
    ].filter((problem) => problem !== null);
    if (errors.length > 0 || topUpId === null) return { refund: null, topUp: null, errors };
    const { personId } = context.viewer as Viewer;
    const { idempotencyKey } = input;
    const outcome = await context.services.get(topUpRefundsService).refund({ personId, idempotencyKey, inputHash: hashInput('refundTopUp', { topUpId }), topUpId });
    if (outcome.kind !== 'ANSWERED') return { refund: null, topUp: null, errors: [refundTopUpRefusal(outcome, input)] };
    const { refund } = outcome;
    // A mutation before this one may have read lists and balances that are no longer true.
    context.caches.clear();
    const [topUp = null] = await readTopUps(context.services.get(databaseService), [refund.paymentId]);
    return { refund, topUp, errors: refundFailures(refund) };
  }
}
