import type { ApiFace, NodeType } from '../api/room.ts';
import { anyone } from '../identity/room.ts';
import { tipInvariants } from './invariants.ts';
import { readTips } from './tip-lists.ts';
import { CreatorTips, TipMutations, ViewerTips } from './tip-resolver.ts';
import { TIP_PREFIX, TipFields, TipType } from './tip-type.ts';
import { TipEntity, type Tip } from './tip.ts';

export { lockMessage, setMessageState } from './moderate-message.ts';
export { loadTip } from './tip-lists.ts';
export { tipSenderService, type TipSender } from './tip-sender.ts';
export type { SendTip, SendTipOutcome } from './send-tip.ts';
export { TIP_PREFIX, TipType } from './tip-type.ts';
export { TipEntity, type MessageState, type Tip } from './tip.ts';

const tipNode: NodeType<Tip> = { typeName: 'Tip', prefix: TIP_PREFIX, readableBy: anyone, load: readTips, postingKinds: ['TIP'] };

export const tipsRoom: ApiFace = {
  name: 'tips',
  entities: [TipEntity],
  resolvers: [TipFields, TipMutations, CreatorTips, ViewerTips],
  orphanedTypes: [TipType],
  nodes: [tipNode],
  invariants: tipInvariants,
};
