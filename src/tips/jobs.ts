import { clockService, databaseService, type Job } from '../database/room.ts';

const hourMs = 3_600_000;

/** Guests' sessions that are over, but for those that a tip names: the keys of its scope are kept with it. */
export const forgetGuestsJob: Job = {
  name: 'forget guests who never tipped',
  everyMs: hourMs,
  async run(services) {
    const now = services.get(clockService).now();
    await services.get(databaseService).query(
      `DELETE FROM guest_session WHERE expires_at < $1 AND NOT EXISTS (SELECT FROM tip WHERE tip.guest_id = guest_session.id)`,
      [now],
    );
  },
};
