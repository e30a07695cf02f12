import { nodeTypesService, payerIdOf, withTypeName, type NodeType, type RequestContext } from '../api/room.ts';
import { databaseService } from '../database/room.ts';
import type { StreamEvent } from '../events/room.ts';
import { openPaymentStream } from '../wallets/room.ts';
import type { EventFeed } from './feed.ts';

/** Opens the account's or the guest's own payments, from now on. */
export async function openPaymentFeed(_args: object, context: RequestContext): Promise<EventFeed> {
  // The rule is asked after this: who did not sign in has no stream to open.
  const payerId = payerIdOf(context);
  if (payerId === undefined) return feedOf(nobody);
  // Whoever watches wants to hear of charges too, and those are told to open streams alone.
  await openPaymentStream(context.services.get(databaseService), payerId);
  return feedOf(payerId);
}

const nobody = '00000000-0000-0000-0000-000000000000';

function feedOf(payerId: string): EventFeed {
  return {
    kind: 'EVENTS',
    stream: { creatorId: payerId, topic: 'payments' },
    after: 'HEAD',
    subject: { payerId },
    roots: readPayments,
    // The payer alone watches: there is nobody to whom it could read differently.
    insiders: () => [],
  };
}

/** The payments as they are now, those of one type in one statement. What stands in a payer's own stream is theirs to read. */
async function readPayments(events: readonly StreamEvent[], context: RequestContext): Promise<object[]> {
  const types = [...context.services.get(nodeTypesService).values()];
  const found = new Map<string, object>();
  for (const [kind, own] of Map.groupBy(events, (event) => event.kind)) {
    const type = types.find(({ typeName }) => typeName === kind);
    if (!type) throw new Error(`An event of somebody's payments is about a ${kind}, which is no type of node.`);
    for (const [id, node] of await readAll(type, own, context)) found.set(`${kind} ${id}`, node);
  }
  return events.map((event) => {
    const node = found.get(`${event.kind} ${event.subjectId}`);
    if (!node) throw new Error(`The event ${event.sequence} of the payments of ${event.creatorId} names a ${event.kind} ${event.subjectId} that is not there.`);
    return node;
  });
}

async function readAll(type: NodeType, events: readonly StreamEvent[], context: RequestContext): Promise<[string, object][]> {
  const ids = [...new Set(events.map((event) => event.subjectId))];
  const nodes = await type.load(context, ids);
  return ids.flatMap((id, index) => {
    const node = nodes[index];
    return node ? [[id, withTypeName(node, type.typeName)] as [string, object]] : [];
  });
}
