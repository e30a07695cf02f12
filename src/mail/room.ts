import type { RoomFace } from '../database/room.ts';

export { fileTransport } from './file-transport.ts';
export type { Mail, MailTransport } from './mail.ts';
export { Mailer, mailerService, type MailerOptions } from './mailer.ts';

export const mailRoom: RoomFace = { name: 'mail' };
