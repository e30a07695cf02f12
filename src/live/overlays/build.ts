import { service } from '../../database/room.ts';

/** Which build of the overlay page this process serves; provided by the server, which has the page. */
export const overlayBuildService = service<string>('live.overlayBuild');
