import DataLoader from 'dataloader';
import { Kind, visit, type GraphQLResolveInfo, type OperationDefinitionNode } from 'graphql';
import { cached, type RequestContext } from '../api/room.ts';
import { databaseService } from '../database/room.ts';
import { readHeads } from '../events/room.ts';

/** The streams whose heads are shown, each with the field that shows it. */
const cursorFields = { tips: 'liveCursor', members: 'membersCursor' } as const;
export type HeadTopic = keyof typeof cursorFields;

/** Where creators' streams of a topic stand: read once a request, all creators in one statement, before the lists that wait for it. */
export function liveHeads(context: RequestContext, topic: HeadTopic = 'tips'): DataLoader<string, bigint> {
  return cached(context, `creators.liveHeads.${topic}`, () => {
    const db = context.services.get(databaseService);
    return new DataLoader<string, bigint>((creatorIds) => readHeads(db, creatorIds.map((creatorId) => ({ creatorId, topic }))));
  });
}

/**
 * Awaited by lists that an operation may select beside `liveCursor`, or `membersCursor`: when it does, the head is read before the list,
 * whatever the order of the fields. What happens between the two reads is then in both the list and the stream, and never in neither.
 */
export async function afterLiveHead(context: RequestContext, info: GraphQLResolveInfo, creatorId: string, topic: HeadTopic = 'tips'): Promise<void> {
  if (selects(info, cursorFields[topic])) await liveHeads(context, topic).load(creatorId);
}

const answers = new WeakMap<OperationDefinitionNode, ReadonlySet<string>>();

function selects({ operation, fragments }: GraphQLResolveInfo, cursorField: string): boolean {
  let answer = answers.get(operation);
  if (answer === undefined) {
    const names = new Set<string>();
    for (const definition of [operation, ...Object.values(fragments)]) visit(definition, { [Kind.FIELD]: (field) => void names.add(field.name.value) });
    answer = new Set(Object.values(cursorFields).filter((field) => names.has(field)));
    answers.set(operation, answer);
  }
  return answer.has(cursorField);
}
