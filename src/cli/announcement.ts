import { isIPv4 } from 'node:net';
import type { Config } from '../config.ts';
import type { DemoIntroduction, DemoSignIn } from '../demo/room.ts';

export interface Announced {
  /** Where the server listens. */
  readonly url: string;
  readonly config: Config;
  /** Null where there is no demo data. */
  readonly demo: DemoIntroduction | null;
  /** Null where the data is on a server of its own. */
  readonly dataDir: string | null;
}

/** What `serve` prints when it is ready: where to go, as whom, and what to try. */
export function announcement({ url, config, demo, dataDir }: Announced): string {
  // With port 0 the public URL cannot be known before the server listens.
  const shownUrl = config.port === 0 ? url : config.publicUrl;
  return [
    `Farthing serves on ${url}`,
    '',
    ...(demo ? demoLines(demo, url, shownUrl) : plainLines(url, shownUrl)),
    ...(dataDir === null ? [] : [`The data is kept in ${dataDir}`]),
    'Ctrl-C stops the server.',
    '',
  ].join('\n');
}

function demoLines({ creator, password, fan, owner }: DemoIntroduction, url: string, shownUrl: string): string[] {
  return [
    'API explorer, signed in as a fan:',
    `  ${shownUrl}/explorer/${tokenFragment(fan)}`,
    'Alerts on stream, signed in as the creator:',
    `  ${shownUrl}/setup/${tokenFragment(owner)}`,
    '',
    `Demo creator: ${creator.displayName}, handle ${creator.handle}, id ${creator.id}, tipped in ${creator.currency}`,
    '',
    `Sign-ins (POST ${shownUrl}/api/auth/sign-in/email), with the password ${password}:`,
    ...signInLines('fan', fan),
    ...signInLines('creator', owner),
    '',
    ...(fan.token === null ? [] : ['Send a tip:', `  ${curlLine(url, fan.token, creator)}`, '']),
    'Send a stream of tips, so that whoever watches sees them arrive (in another terminal):',
    `  npm run demo${url === 'http://127.0.0.1:4000' ? '' : ` -- --url ${url}`}`,
    '',
  ];
}

function tokenFragment({ token }: DemoSignIn): string {
  return token === null ? '' : `#token=${encodeURIComponent(token)}`;
}

function signInLines(role: string, { email, token }: DemoSignIn): string[] {
  return [`  ${role.padEnd(8)} ${email}`, `  ${' '.repeat(8)} token ${token ?? '(the password was changed)'}`];
}

/** A line for any POSIX shell; each run of it has a key of its own, so each is a tip of its own. */
function curlLine(url: string, token: string, { id, currency }: DemoIntroduction['creator']): string {
  const query = 'mutation ($input: SendTipInput!) { sendTip(input: $input) { tip { id status amount { formatted } } errors { code message } } }';
  const input = { creatorId: id, amount: { amount: '0.05', currency }, message: 'Hello from curl', idempotencyKey: 'KEY' };
  const body = JSON.stringify({ query, variables: { input } }).replace('KEY', `curl-'"$(date +%s%N)"'`);
  return `curl -s ${url}/graphql -H 'content-type: application/json' -H 'authorization: Bearer ${token}' -d '${body}'`;
}

function plainLines(url: string, shownUrl: string): string[] {
  const account = JSON.stringify({ email: 'you@example.com', password: 'at least 8 characters', name: 'You' });
  return [
    'API explorer:',
    `  ${shownUrl}/explorer/`,
    'Alerts on stream:',
    `  ${shownUrl}/setup/`,
    '',
    'Make an account; the header set-auth-token of the answer is its token:',
    `  curl -si ${url}/api/auth/sign-up/email -H 'content-type: application/json' -d '${account}'`,
    '',
  ];
}

/** What should not go unseen. */
export function warnings({ host }: Config, demo: DemoIntroduction | null): string[] {
  const isLoopback = host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
  if (isLoopback || !demo) return [];
  return [`Warning: HOST=${host} lets other machines reach this server, and its demo accounts have a password that everybody knows.`];
}
