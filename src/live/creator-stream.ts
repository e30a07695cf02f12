import { ApiError, decodeIdOf, quoteText, type RequestContext } from '../api/room.ts';
import { CREATOR_PREFIX, loadCreator, type Creator } from '../creators/room.ts';
import { decodeCursor, type StreamKey, type Topic } from '../events/room.ts';

export interface CreatorStreamArgs {
  readonly creatorId: string;
  readonly after?: string | null;
}

/** A creator's stream, and where somebody is to begin in it: after a sequence, or with what comes next. */
export interface CreatorStream {
  readonly creator: Creator;
  readonly stream: StreamKey;
  readonly after: bigint | 'HEAD';
}

/** Finds a creator's stream. Throws NOT_FOUND for no creator and CURSOR_INVALID for a cursor that this stream never gave out. */
export async function openCreatorStream(args: CreatorStreamArgs, topic: Topic, context: RequestContext): Promise<CreatorStream> {
  const uuid = decodeIdOf(CREATOR_PREFIX, args.creatorId);
  const creator = uuid === null ? null : await loadCreator(context, uuid);
  if (!creator) throw new ApiError('NOT_FOUND', `There is no creator ${quoteText(args.creatorId)}.`);
  const stream: StreamKey = { creatorId: creator.id, topic };
  return { creator, stream, after: sequenceAfter(args.after, stream) };
}

const subjects: Record<Topic, string> = { tips: 'tips', members: 'membership events', alerts: 'alerts', payments: 'payments' };

/** Where a cursor of the stream leads; `HEAD` without one. Throws CURSOR_INVALID for a cursor that this stream never gave out. */
export function sequenceAfter(after: string | null | undefined, stream: StreamKey): bigint | 'HEAD' {
  if (after === null || after === undefined) return 'HEAD';
  const sequence = decodeCursor(after, stream);
  if (sequence === null) throw new ApiError('CURSOR_INVALID', `The cursor ${quoteText(after)} is not one of this creator's ${subjects[stream.topic]}.`);
  return sequence;
}
