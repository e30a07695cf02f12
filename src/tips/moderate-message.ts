import type { Sql } from '../database/room.ts';
import type { MessageState } from './tip.ts';

/** Locks a tip, before any queue or account, and answers where its message stands: what is answered holds until the commit. */
export async function lockMessage(tx: Sql, tipId: string): Promise<MessageState> {
  const [tip] = await tx.query<{ state: MessageState }>('SELECT message_state AS state FROM tip WHERE id = $1 FOR NO KEY UPDATE', [tipId]);
  if (!tip) throw new Error(`The message of a tip ${tipId} was to be moderated, which is not there.`);
  return tip.state;
}

/**
 * Lets a tip's message be seen by everybody, or by nobody but sender, owner and moderators. Only a held one becomes visible: what was
 * denied stays so. Call it under `lockMessage`.
 */
export async function setMessageState(tx: Sql, tipId: string, state: 'VISIBLE' | 'DENIED'): Promise<void> {
  await tx.query(`UPDATE tip SET message_state = $2 WHERE id = $1 AND (message_state = 'HELD' OR ($2 = 'DENIED' AND message_state <> 'DENIED'))`, [tipId, state]);
}
