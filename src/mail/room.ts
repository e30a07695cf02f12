import type { RoomFace } from '../database/room.ts';

export { fileTransport } from './file-transport.ts';
export { mailProblem, type Mail, type MailTransport } from './mail.ts';
export { Mailer, mailerService, type MailerOptions } from './mailer.ts';

export const mailRoom: RoomFace = { name: 'mail' };
