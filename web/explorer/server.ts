import { createGraphiQLFetcher, type Fetcher } from '@graphiql/toolkit';
import { createLiveClient, type LiveState } from './live-client.ts';
import type { SampleCreator } from './samples.ts';
import type { TokenStore } from '../shared/token.ts';

/** Who the token belongs to, as far as the explorer could find out. */
export type Account =
  | { kind: 'asking' }
  | { kind: 'signed-out' }
  | { kind: 'signed-in'; name: string }
  | { kind: 'refused'; message: string }
  | { kind: 'unreachable'; message: string };

type Answer = { data?: Record<string, unknown> | null; errors?: { message: string }[] };
type ViewerAnswer = { displayName: string; email: string; creator: { id: string } | null };

const endpoint = '/graphql';
// Apollo answers only requests that a foreign page's form could not have sent.
const preflightHeader = { 'apollo-require-preflight': 'true' };

/** The server that this page came from, asked with the token that `tokens` holds at that moment. */
export function connectToServer(tokens: TokenStore, onLiveState: (state: LiveState) => void) {
  const liveClient = createLiveClient({
    url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${endpoint}`,
    token: () => tokens.get(),
    onState: onLiveState,
  });
  tokens.subscribe(() => liveClient.terminate());

  const send: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    // A header typed into the editor wins over the token field.
    if (tokens.get() !== '' && !headers.has('authorization')) headers.set('authorization', `Bearer ${tokens.get()}`);
    const response = await fetch(input, { ...init, headers, credentials: 'same-origin' });
    return isJson(response) ? response : Promise.reject(new Error(await describe(response)));
  };

  const fetcher: Fetcher = createGraphiQLFetcher({
    url: endpoint,
    fetch: send,
    headers: preflightHeader,
    wsClient: liveClient,
    enableIncrementalDelivery: false,
  });

  const ask = async (query: string): Promise<Answer> => {
    const headers = { ...preflightHeader, 'content-type': 'application/json', accept: 'application/json' };
    const response = await send(endpoint, { method: 'POST', headers, body: JSON.stringify({ query }) });
    return (await response.json()) as Answer;
  };
  return { fetcher, askAccount: () => askAccount(ask), askSampleCreator: () => askSampleCreator(ask) };
}

type Ask = (query: string) => Promise<Answer>;

async function askAccount(ask: Ask): Promise<Account> {
  try {
    const { data, errors } = await ask('{ viewer { displayName email } }');
    const viewer = data?.viewer as ViewerAnswer | null | undefined;
    if (viewer) return { kind: 'signed-in', name: `${viewer.displayName} (${viewer.email})` };
    return errors?.[0] ? { kind: 'refused', message: errors[0].message } : { kind: 'signed-out' };
  } catch (error) {
    return { kind: 'unreachable', message: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * A creator whom the signed-in account may tip (nobody may tip herself): on a trial server the one whom the demo tips go to, so that
 * there is something to watch, else the newest. Null when there is none, or no answer.
 */
async function askSampleCreator(ask: Ask): Promise<SampleCreator | null> {
  try {
    const [pages, viewer] = await Promise.all([
      ask('{ demo: creator(handle: "nova") { id currency } creators(first: 2) { nodes { id currency } } }'),
      ask('{ viewer { creator { id } } }'),
    ]);
    const { nodes } = (pages.data?.creators ?? { nodes: [] }) as { nodes: SampleCreator[] };
    const demo = (pages.data?.demo ?? null) as SampleCreator | null;
    const own = (viewer.data?.viewer as ViewerAnswer | null | undefined)?.creator?.id;
    return [...(demo ? [demo] : []), ...nodes].find(({ id }) => id !== own) ?? nodes[0] ?? null;
  } catch {
    return null;
  }
}

function isJson(response: Response): boolean {
  return /^application\/([\w.-]+\+)?json\b/.test(response.headers.get('content-type') ?? '');
}

async function describe(response: Response): Promise<string> {
  const text = (await response.text()).trim().slice(0, 200);
  return `The server answered ${response.status} ${response.statusText}`.trim() + (text ? `: ${text}` : '');
}
