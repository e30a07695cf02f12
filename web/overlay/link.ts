import { createClient, type Client, type ClientOptions, type FormattedExecutionResult } from 'graphql-ws';
import { comesBack, resume, watchPongs } from '../shared/resume.ts';

/** How the page stands to its server. Refused: the token is not valid any more, and nothing is tried again. */
export type LinkState = 'connecting' | 'live' | 'away' | 'refused';

/** Asks one query or mutation over the socket that is open now. Rejects when the socket closes first. */
export type Ask = (query: string, variables: Record<string, unknown>) => Promise<FormattedExecutionResult>;

export interface LinkOptions<Event> {
  readonly url: string;
  readonly token: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Whether a new socket asks for what came since the last event (`$after`), or for everything anew. */
  readonly keepsPlace: boolean;
  /** Asks anew this often on the same socket, for what changes without an event. */
  readonly refreshMs?: number;
  /** Runs to its end on each new socket before anything is received on it. */
  greet(ask: Ask): Promise<void>;
  /** The socket that greeted is gone. */
  parted(): void;
  onEvent(event: Event): void;
  onState(state: LinkState): void;
  /** On each new socket: the build of the pages that the server has. */
  onBuild(buildId: string): void;
  readonly firstWaitMs?: number;
  readonly webSocketImpl?: unknown;
}

/** A viewer of a stream should not wait longer than this for a server that is back. */
const longestWaitMs = 3_000;
const connectWithinMs = 10_000;
const unauthorized = 4401;

/**
 * Subscribes, and comes back for ever. Each socket is a client of its own: what the last one left unsaid is said, and answered,
 * before the new one subscribes. A subscription would otherwise be told to show what was shown already.
 */
export function keepLinked<Event extends { cursor: string }>(options: LinkOptions<Event>): () => void {
  const { retryWait } = comesBack(options.firstWaitMs, longestWaitMs);
  let isStopped = false;
  let endSession: (() => void) | undefined;
  let after: string | undefined;
  let failures = 0;

  const runSession = async () => {
    const session = openSession(options, () => after);
    endSession = session.end;
    session.onEvent = (event) => {
      failures = 0;
      if (options.keepsPlace) after = event.cursor;
      options.onState('live');
      options.onEvent(event);
    };
    session.onCursorRefused = () => (after = undefined);
    const code = await session.ended;
    options.parted();
    return code;
  };

  const run = async () => {
    options.onState('connecting');
    while (!isStopped) {
      if ((await runSession()) === unauthorized && !isStopped) {
        options.onState('refused');
        return;
      }
      if (isStopped) return;
      options.onState('away');
      await retryWait!(failures++);
    }
  };
  void run();
  return () => {
    isStopped = true;
    endSession?.();
  };
}

interface Session<Event> {
  /** Resolves with the code of the socket's close. */
  readonly ended: Promise<number>;
  end(): void;
  onEvent(event: Event): void;
  onCursorRefused(): void;
}

function openSession<Event>(options: LinkOptions<Event>, after: () => string | undefined): Session<Event> {
  const client = createClient({
    ...comesBack(),
    retryAttempts: 0,
    url: options.url,
    connectionParams: { overlayToken: options.token },
    lazy: false,
    onNonLazyError: () => {},
    webSocketImpl: options.webSocketImpl as ClientOptions['webSocketImpl'],
  });
  const end = () => client.terminate();
  const giveUp = setTimeout(end, connectWithinMs);
  // From the first moment: a network may fall silent while the page greets, too.
  const stopWatching = watchPongs(client);
  let stop = () => {};
  let hasEnded = false;
  let refresh: ReturnType<typeof setInterval> | undefined;
  const ended = new Promise<number>((resolve) => {
    client.on('closed', (event) => {
      hasEnded = true;
      clearTimeout(giveUp);
      clearInterval(refresh);
      stopWatching();
      stop();
      // A client that is disposed of does not connect again by itself; there is no socket left to wait for.
      Promise.resolve(client.dispose()).catch(() => {});
      resolve((event as { code?: number } | undefined)?.code ?? 0);
    });
  });
  const session: Session<Event> = { ended, end, onEvent: () => {}, onCursorRefused: () => {} };
  client.on('connected', (_socket, payload) => {
    clearTimeout(giveUp);
    if (typeof payload?.buildId === 'string') options.onBuild(payload.buildId);
    options.greet(askOver(client)).then(() => {
      if (hasEnded) return;
      const start = () => (stop = listen(client, options, after(), session));
      start();
      if (options.refreshMs === undefined) return;
      refresh = setInterval(() => {
        stop();
        start();
      }, options.refreshMs);
    }, end);
  });
  return session;
}

function listen<Event>(client: Client, options: LinkOptions<Event>, after: string | undefined, session: Session<Event>): () => void {
  const variables = { ...options.variables, ...(after !== undefined && { after }) };
  let isStopped = false;
  const stop = resume<Record<string, Event>>(client, { query: options.query, variables }, {
    next({ data, errors }) {
      const [event] = Object.values(data ?? {});
      if (event) session.onEvent(event);
      else if (isCursorRefused(errors)) session.onCursorRefused();
    },
    error(error) {
      if (isCursorRefused(error)) session.onCursorRefused();
      session.end();
    },
    complete() {
      if (!isStopped) session.end();
    },
  });
  return () => {
    isStopped = true;
    stop();
  };
}

function isCursorRefused(errors: unknown): boolean {
  return Array.isArray(errors) && errors.some((error: { extensions?: { code?: unknown } }) => error.extensions?.code === 'CURSOR_INVALID');
}

function askOver(client: Client): Ask {
  return (query, variables) =>
    new Promise((resolve, reject) => {
      client.subscribe({ query, variables }, {
        next: resolve,
        error: (error) => (Array.isArray(error) ? resolve({ errors: error as FormattedExecutionResult['errors'] }) : reject(error)),
        complete: () => reject(new Error('The socket closed before it answered.')),
      });
    });
}
