import { clockService, databaseService, transaction, type Job } from '../database/room.ts';
import { dropPaymentStreams } from '../events/room.ts';

const hourMs = 3_600_000;

/** Guests' sessions that have been over for an hour, but for those that a tip names: the keys of its scope are kept with it. */
export const forgetGuestsJob: Job = {
  name: 'forget guests who never tipped',
  everyMs: hourMs,
  async run(services) {
    const hourAgo = new Date(services.get(clockService).now().getTime() - hourMs);
    await transaction(services.get(databaseService), async (tx) => {
      const gone = await tx.query<{ id: string }>(
        `DELETE FROM guest_session WHERE expires_at < $1 AND NOT EXISTS (SELECT FROM tip WHERE tip.guest_id = guest_session.id) RETURNING id`,
        [hourAgo],
      );
      await dropPaymentStreams(tx, gone.map(({ id }) => id));
    }, { rerunLostCommit: true });
  },
};
