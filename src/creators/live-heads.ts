import DataLoader from 'dataloader';
import { Kind, visit, type GraphQLResolveInfo, type OperationDefinitionNode } from 'graphql';
import { cached, type RequestContext } from '../api/room.ts';
import { databaseService } from '../database/room.ts';
import { readHeads } from '../events/room.ts';

/** Where creators' `tips` streams stand: read once a request, all creators in one statement, before the lists that wait for it. */
export function liveHeads(context: RequestContext): DataLoader<string, bigint> {
  return cached(context, 'creators.liveHeads', () => {
    const db = context.services.get(databaseService);
    return new DataLoader<string, bigint>((creatorIds) => readHeads(db, creatorIds.map((creatorId) => ({ creatorId, topic: 'tips' as const }))));
  });
}

/**
 * Awaited by lists that an operation may select beside `liveCursor`: when it does, the head is read before the list, whatever the
 * order of the fields. What happens between the two reads is then in both the list and the stream, and never in neither.
 */
export async function afterLiveHead(context: RequestContext, info: GraphQLResolveInfo, creatorId: string): Promise<void> {
  if (selectsLiveCursor(info)) await liveHeads(context).load(creatorId);
}

const answers = new WeakMap<OperationDefinitionNode, boolean>();

function selectsLiveCursor({ operation, fragments }: GraphQLResolveInfo): boolean {
  let answer = answers.get(operation);
  if (answer === undefined) {
    answer = [operation, ...Object.values(fragments)].some((definition) => {
      let found = false;
      visit(definition, { [Kind.FIELD]: (field) => { found ||= field.name.value === 'liveCursor'; } });
      return found;
    });
    answers.set(operation, answer);
  }
  return answer;
}
