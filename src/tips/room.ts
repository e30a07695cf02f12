import type { ApiFace, NodeType } from '../api/room.ts';
import { anyone } from '../identity/room.ts';
import { standingInvariant } from '../wallets/room.ts';
import type { PaymentsFace } from '../payments/room.ts';
import { tipInvariants } from './invariants.ts';
import { RefundedTip, TipRefundFields, TipRefundMutations } from './refunds/refund-resolver.ts';
import { tipRefundIntents } from './refunds/refund-tip.ts';
import { tipDisputes } from './refunds/tip-disputes.ts';
import { readTips } from './tip-lists.ts';
import { CreatorTips, TipMutations, ViewerTips } from './tip-resolver.ts';
import { TIP_PREFIX, TipFields, TipType } from './tip-type.ts';
import { TipEntity, type Tip } from './tip.ts';

export { loadTip } from './tip-lists.ts';
export { TipRefunds, tipRefundsService, type RefundTip, type RefundTipOutcome } from './refunds/refund-tip.ts';
export { tipSenderService, type TipSender } from './tip-sender.ts';
export type { SendTip, SendTipOutcome } from './send-tip.ts';
export { TIP_PREFIX, TipType } from './tip-type.ts';
export { TipEntity, type Tip } from './tip.ts';

const tipNode: NodeType<Tip> = { typeName: 'Tip', prefix: TIP_PREFIX, readableBy: anyone, load: readTips, postingKinds: ['TIP'] };

export const tipsRoom: ApiFace & PaymentsFace = {
  name: 'tips',
  entities: [TipEntity],
  resolvers: [RefundedTip, TipRefundFields, TipRefundMutations, TipFields, TipMutations, CreatorTips, ViewerTips],
  orphanedTypes: [TipType],
  nodes: [tipNode],
  invariants: [...tipInvariants, standingInvariant('tip')],
  intentKinds: [tipRefundIntents],
  disputeKinds: [tipDisputes],
};
