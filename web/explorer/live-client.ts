import { createClient, type Client, type SubscribePayload } from 'graphql-ws';

/** What the page says about its socket. Idle: no subscription runs, so none is open. */
export type LiveState = 'idle' | 'connecting' | 'live' | 'reconnecting';

export type LiveClientOptions = {
  url: string;
  /** Read anew for every connection. Empty: signed out. */
  token(): string;
  onState(state: LiveState): void;
  /** The wait before the first new attempt; it doubles up to 10 seconds. */
  firstWaitMs?: number;
};

const pingEveryMs = 12_000;
const pongWithinMs = 5_000;
const longestWaitMs = 10_000;

/**
 * A graphql-ws client that comes back for ever after a lost socket or a restarted server, and goes on where it was: while an
 * operation declares `$after`, its next attempt asks for what came after the last cursor seen. A refused token or operation
 * (4400, 4401, 4500 or an `error` message) is final, as the protocol says.
 */
export function createLiveClient(options: LiveClientOptions): Client {
  const { firstWaitMs = 250 } = options;
  let pongTimer: ReturnType<typeof setTimeout> | undefined;
  let running = 0;
  let socketState: LiveState = 'idle';
  const report = (state: LiveState) => {
    socketState = state;
    options.onState(running === 0 ? 'idle' : state);
  };
  const client = createClient({
    url: options.url,
    connectionParams: () => (options.token() === '' ? {} : { authToken: options.token() }),
    retryAttempts: Infinity,
    // A refused connection is an error event without a close code, which graphql-ws by itself takes for the end.
    shouldRetry: () => true,
    retryWait: (retries) => {
      const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** retries);
      return new Promise((resolve) => setTimeout(resolve, wait * (0.75 + Math.random() / 2)));
    },
    keepAlive: pingEveryMs,
    on: {
      connecting: (isRetry) => report(isRetry ? 'reconnecting' : 'connecting'),
      connected: () => report('live'),
      closed: () => {
        clearTimeout(pongTimer);
        report('reconnecting');
      },
      ping: (received) => {
        if (!received) pongTimer = setTimeout(() => client.terminate(), pongWithinMs);
      },
      pong: (received) => {
        if (received) clearTimeout(pongTimer);
      },
    },
  });
  return {
    ...client,
    subscribe(payload, sink) {
      running++;
      let ended = false;
      const end = () => {
        if (ended) return;
        ended = true;
        running--;
        report(socketState);
      };
      const { sent, seen } = resumable(payload);
      const stop = client.subscribe(sent, {
        next(result) {
          seen(result.data);
          sink.next(result as Parameters<typeof sink.next>[0]);
        },
        error(error) {
          end();
          sink.error(error);
        },
        complete() {
          end();
          sink.complete();
        },
      });
      return () => {
        end();
        stop();
      };
    },
  };
}

/**
 * graphql-ws writes the payload object anew for every attempt, so moving its `after` forward with each event is all it takes
 * to resume.
 */
function resumable(payload: SubscribePayload): { sent: SubscribePayload; seen(data: unknown): void } {
  const variables: Record<string, unknown> = { ...payload.variables };
  const declaresAfter = /\$after\s*:/.test(payload.query ?? '');
  return {
    sent: { ...payload, variables },
    seen(data) {
      const cursor = declaresAfter ? cursorOf(data) : undefined;
      if (cursor !== undefined) variables.after = cursor;
    },
  };
}

/** The cursor of the one root field of a subscription's event. */
function cursorOf(data: unknown): string | undefined {
  const [event] = Object.values(data ?? {}) as unknown[];
  const cursor = (event as { cursor?: unknown } | null | undefined)?.cursor;
  return typeof cursor === 'string' ? cursor : undefined;
}
