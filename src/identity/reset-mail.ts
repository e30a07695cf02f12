import type { Mail } from '../mail/room.ts';

export interface ResetRequest {
  readonly to: string;
  readonly token: string;
  /** better-auth's own link: it carries, as `callbackURL`, the checked page that a frontend asked for. */
  readonly askedUrl: string;
  readonly publicUrl: string;
  readonly lastsMinutes: number;
}

/** The mail that lets its reader set a new password: on the frontend's page if it named one, else on the server's own. */
export function resetMail(request: ResetRequest): Mail {
  const { to, token, lastsMinutes } = request;
  const text = [
    'Somebody, probably you, asked to reset the password of your account.',
    '',
    `To set a new one, open this link within ${lastsMinutes} minutes; it works once:`,
    '',
    resetLink(request),
    '',
    'A program sends the token itself as {"token": …, "newPassword": …} to POST /api/auth/reset-password:',
    '',
    token,
    '',
    'All your open sessions end then. If it was not you, ignore this mail: nothing has changed.',
  ].join('\n');
  return { to, subject: 'Reset your password', text };
}

/** The token stands in the fragment, which browsers never send, so no server's log ever holds it. */
function resetLink({ token, askedUrl, publicUrl }: ResetRequest): string {
  const asked = new URL(askedUrl).searchParams.get('callbackURL');
  const link = asked ? new URL(asked, `${publicUrl}/`) : new URL(`${publicUrl}/api/auth/reset-password`);
  link.hash = `token=${encodeURIComponent(token)}`;
  return link.href;
}
