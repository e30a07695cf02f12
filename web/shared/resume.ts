import type { Client, ClientOptions, FormattedExecutionResult, Sink, SubscribePayload } from 'graphql-ws';

const pingEveryMs = 12_000;
const pongWithinMs = 5_000;

/**
 * Options with which a graphql-ws client comes back for ever: `createClient({ url, connectionParams, ...comesBack() })`. It waits
 * longer each time, up to 10 seconds if not told otherwise, and never exactly as long as others. A dead credential (4401), a refused
 * request (4400, 4500) and an `error` message stay final, as the protocol says.
 */
export function comesBack(firstWaitMs = 250, longestWaitMs = 10_000): Pick<ClientOptions, 'retryAttempts' | 'retryWait' | 'shouldRetry' | 'keepAlive'> {
  return {
    retryAttempts: Infinity,
    // A refused connection is an error event without a close code, which graphql-ws by itself takes for the end.
    shouldRetry: () => true,
    retryWait: (retries) => {
      const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** retries);
      return new Promise((resolve) => setTimeout(resolve, wait * (0.75 + Math.random() / 2)));
    },
    keepAlive: pingEveryMs,
  };
}

/**
 * Subscribes, and goes on where it was after every lost socket: while the operation declares `$after`, a new attempt asks for what
 * came after the last cursor seen. Events of the root field that carry a `sequence` come once each, in order. Answers what stops it.
 */
export function resume<Data = Record<string, unknown>, Extensions = unknown>(
  client: Client,
  payload: SubscribePayload,
  sink: Sink<FormattedExecutionResult<Data, Extensions>>,
): () => void {
  const declaresAfter = /\$after\s*:/.test(payload.query ?? '');
  // graphql-ws writes the payload anew for every attempt, so moving its `after` forward is all it takes.
  const variables: Record<string, unknown> = { ...payload.variables };
  let last: bigint | undefined;
  const stopWatching = watchPongs(client);
  const stop = client.subscribe<Data, Extensions>({ ...payload, variables }, {
    next(result) {
      const { cursor, sequence } = eventOf(result.data);
      if (sequence !== undefined) {
        if (last !== undefined && sequence <= last) return;
        last = sequence;
      }
      if (declaresAfter && cursor !== undefined) variables.after = cursor;
      sink.next(result);
    },
    error(error) {
      stopWatching();
      sink.error(error);
    },
    complete() {
      stopWatching();
      sink.complete();
    },
  });
  return () => {
    stopWatching();
    stop();
  };
}

/** The clients whose pongs are watched, with how many subscriptions ask for it. */
const watched = new WeakMap<Client, { count: number; stop: () => void }>();

/** Ends a connection that no longer answers, which a closed laptop's never says by itself. Answers what stops the watch. */
export function watchPongs(client: Client): () => void {
  const watch = watched.get(client) ?? { count: 0, stop: startWatch(client) };
  watch.count++;
  watched.set(client, watch);
  let isStopped = false;
  return () => {
    if (isStopped) return;
    isStopped = true;
    if (--watch.count > 0) return;
    watched.delete(client);
    watch.stop();
  };
}

function startWatch(client: Client): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const clear = () => clearTimeout(timer);
  const stops = [
    client.on('ping', (received) => {
      if (!received) timer = setTimeout(() => client.terminate(), pongWithinMs);
    }),
    client.on('pong', (received) => {
      if (received) clear();
    }),
    client.on('closed', clear),
    clear,
  ];
  return () => stops.forEach((stop) => stop());
}

/** The cursor and sequence of the one root field of a subscription's event, where it has them. */
function eventOf(data: unknown): { cursor?: string; sequence?: bigint } {
  const [event] = Object.values(data ?? {}) as unknown[];
  const { cursor, sequence } = (event ?? {}) as { cursor?: unknown; sequence?: unknown };
  return {
    cursor: typeof cursor === 'string' ? cursor : undefined,
    sequence: typeof sequence === 'string' && /^\d+$/.test(sequence) ? BigInt(sequence) : undefined,
  };
}
