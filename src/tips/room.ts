import type { ApiFace, NodeType, Rule } from '../api/room.ts';
import { standingInvariant } from '../wallets/room.ts';
import type { PaymentsFace } from '../payments/room.ts';
import { cardTipIntents } from './card-tip-kind.ts';
import { tipInvariants } from './invariants.ts';
import { forgetGuestsJob } from './jobs.ts';
import { TipPreviews } from './preview-tip.ts';
import { RefundedTip, TipRefundFields, TipRefundMutations } from './refunds/refund-resolver.ts';
import { tipRefundIntents } from './refunds/refund-tip.ts';
import { tipDisputes } from './refunds/tip-disputes.ts';
import { readTips } from './tip-lists.ts';
import { CreatorTips, TipMutations, ViewerTips } from './tip-resolver.ts';
import { isSender, TIP_PREFIX, TipFields, TipType } from './tip-type.ts';
import { TipEntity, type Tip } from './tip.ts';

export { lockMessage, setMessageState } from './moderate-message.ts';
export { loadTip } from './tip-lists.ts';
export { CardTips, cardTipsService } from './card-tips.ts';
export type { CardPayer, CardTipOutcome, SendCardTip } from './send-card-tip.ts';
export { TipRefunds, tipRefundsService, type RefundTip, type RefundTipOutcome } from './refunds/refund-tip.ts';
export { tipSenderService, type TipSender } from './tip-sender.ts';
export type { SendTip, SendTipOutcome } from './send-tip.ts';
export { TIP_PREFIX, TipType } from './tip-type.ts';
export { TipEntity, type MessageState, type Tip, type TipCard } from './tip.ts';

/** Paid tips are everybody's to read; what is not paid is its sender's alone, and others find nothing. */
const paidOrSender: Rule = {
  name: 'PAID_OR_SENDER',
  dependsOnViewer: true,
  decide: (context, tip) => ((tip as Tip).paidAt !== null || isSender(tip as Tip, context) ? 'ALLOWED' : 'FORBIDDEN'),
};

const tipNode: NodeType<Tip> = { typeName: 'Tip', prefix: TIP_PREFIX, readableBy: paidOrSender, load: readTips, postingKinds: ['TIP'] };

export const tipsRoom: ApiFace & PaymentsFace = {
  name: 'tips',
  entities: [TipEntity],
  resolvers: [RefundedTip, TipPreviews, TipRefundFields, TipRefundMutations, TipFields, TipMutations, CreatorTips, ViewerTips],
  orphanedTypes: [TipType],
  nodes: [tipNode],
  invariants: [...tipInvariants, standingInvariant('tip')],
  jobs: [forgetGuestsJob],
  intentKinds: [cardTipIntents, tipRefundIntents],
  disputeKinds: [tipDisputes],
  borderPostings: [{ kind: 'TIP', total: 'CHARGED' }, { kind: 'TIP_REFUND_SENT', total: 'REFUNDED' }, { kind: 'TIP_REFUND_RETURN', total: 'REFUNDED', returnOf: 'TIP_REFUND_SENT' }],
};
