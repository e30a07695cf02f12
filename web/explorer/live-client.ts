import { createClient, type Client } from 'graphql-ws';
import { comesBack, resume } from '../shared/resume.ts';

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

/**
 * A graphql-ws client that comes back for ever after a lost socket or a restarted server and goes on where it was, and that says
 * how it stands.
 */
export function createLiveClient(options: LiveClientOptions): Client {
  let running = 0;
  let socketState: LiveState = 'idle';
  const report = (state: LiveState) => {
    socketState = state;
    options.onState(running === 0 ? 'idle' : state);
  };
  const client = createClient({
    ...comesBack(options.firstWaitMs),
    url: options.url,
    connectionParams: () => (options.token() === '' ? {} : { authToken: options.token() }),
    on: {
      connecting: (isRetry) => report(isRetry ? 'reconnecting' : 'connecting'),
      connected: () => report('live'),
      closed: () => report('reconnecting'),
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
      const stop = resume(client, payload, {
        next: (result) => sink.next(result as Parameters<typeof sink.next>[0]),
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
