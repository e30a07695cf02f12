import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { WebSocket } from 'ws';
import { keepLinked, type Ask, type LinkOptions, type LinkState } from '../../web/overlay/link.ts';
import { overlayEvents, reportAlert, type OverlayEvents } from '../../web/overlay/operations.ts';
import { alertOf, startOverlayServer, type OverlayServer } from '../support/overlay-server.ts';

type Event = OverlayEvents['overlayEvents'];

describe('the link of an overlay to its server', () => {
  let server: OverlayServer;
  let events: string[];
  let states: LinkState[];
  let builds: string[];
  let parted: number;
  let unlink: () => void;

  beforeEach(async () => {
    server = await startOverlayServer();
    events = [];
    states = [];
    builds = [];
    parted = 0;
    unlink = () => {};
  });
  afterEach(async () => {
    unlink();
    await server.stop();
  });

  const link = (change: Partial<LinkOptions<Event>> = {}) => {
    unlink = keepLinked<Event>({
      url: server.socketUrl,
      token: 'secret',
      query: overlayEvents,
      variables: { widget: 'ALERTS', locale: 'en' },
      keepsPlace: true,
      greet: async () => {},
      parted: () => void parted++,
      onEvent: ({ payload }) => void events.push(payload.__typename === 'Alert' ? payload.id : payload.__typename),
      onState: (state) => {
        if (states.at(-1) !== state) states.push(state);
      },
      onBuild: (buildId) => void builds.push(buildId),
      firstWaitMs: 5,
      webSocketImpl: WebSocket,
      ...change,
    });
  };
  const until = async (isSo: () => boolean) => {
    for (const deadline = Date.now() + 90_000; !isSo(); await wait(5)) {
      if (Date.now() > deadline) throw new Error(`It never came to that. Told: ${JSON.stringify(server.told)}; events: ${events.join()}; states: ${states.join()}`);
    }
  };
  const toldTo = (count: number) => until(() => server.told.length >= count);

  test('signs in with its token, hears of the server\'s build, and gets what is sent', async () => {
    server.buildId = 'build one';
    link();
    await toldTo(1);
    server.send(alertOf({ id: 'a' }));
    await until(() => events.length > 0);
    expect([server.tokens, builds, server.told, events, states]).toEqual([['secret'], ['build one'], ['subscribes ALERTS after undefined'], ['a'], ['connecting', 'live']]);
  });

  test('goes on after the last cursor when its socket is lost', async () => {
    link();
    await toldTo(1);
    server.send(alertOf({ id: 'a' }));
    server.send(alertOf({ id: 'b' }));
    await until(() => events.length === 2);
    server.closeSockets(1012);
    await toldTo(2);
    server.send(alertOf({ id: 'c' }));
    await until(() => events.length === 3);
    expect(server.told).toEqual(['subscribes ALERTS after undefined', 'subscribes ALERTS after 2']);
    expect(states).toEqual(['connecting', 'live', 'away', 'live']);
    expect(parted).toBe(1);
  });

  test('asks for everything anew where it keeps no place', async () => {
    link({ keepsPlace: false });
    await toldTo(1);
    server.send(alertOf({ id: 'a' }));
    await until(() => events.length === 1);
    server.closeSockets(1013);
    await toldTo(2);
    expect(server.told[1]).toBe('subscribes ALERTS after undefined');
  });

  test('subscribes on a new socket only when its greeting was answered', async () => {
    const greet = async (ask: Ask) => {
      await ask(reportAlert, { input: { alertId: 'a', lease: 'l', state: 'SHOWN' } });
    };
    let answer = () => {};
    server.onReport = () => new Promise((resolve) => (answer = () => resolve({ alert: null, errors: [] })));
    link({ greet });
    await toldTo(1);
    await wait(50);
    expect(server.told).toEqual(['reports a SHOWN']);
    answer();
    await toldTo(2);
    expect(server.told).toEqual(['reports a SHOWN', 'subscribes ALERTS after undefined']);
    server.closeSockets(1012);
    await toldTo(3);
    answer();
    await toldTo(4);
    expect(server.told.slice(2)).toEqual(['reports a SHOWN', 'subscribes ALERTS after undefined']);
  });

  test('a socket that is lost while it greets is followed by one that greets again', async () => {
    const greet = async (ask: Ask) => {
      await ask(reportAlert, { input: { alertId: 'a', lease: 'l', state: 'SHOWN' } });
    };
    server.onReport = async ({ alertId, state }) => {
      if (server.told.length > 2) return { alert: alertOf({ id: alertId, state }), errors: [] };
      server.closeSockets(1013);
      return new Promise(() => {});
    };
    link({ greet });
    await toldTo(4);
    expect(server.told).toEqual(['reports a SHOWN', 'reports a SHOWN', 'reports a SHOWN', 'subscribes ALERTS after undefined']);
  });

  test('comes back to a server that was gone for long', async () => {
    link();
    await toldTo(1);
    await server.stop();
    await until(() => states.at(-1) === 'away');
    await wait(150);
    await server.start();
    await toldTo(2);
    server.send(alertOf({ id: 'a' }));
    await until(() => events.length === 1);
  });

  test.each([1000, 1006, 1012, 1013, 4400, 4500])('comes back after a close with %i', async (code) => {
    link();
    await toldTo(1);
    if (code === 1006) await server.stop().then(() => server.start());
    else server.closeSockets(code);
    await toldTo(2);
    server.send(alertOf({ id: 'a' }));
    await until(() => events.length === 1);
    expect(server.tokens).toHaveLength(2);
  });

  test('gives up, and says so, when its token is not valid, and only then', async () => {
    link({ token: 'another' });
    await until(() => states.at(-1) === 'refused');
    await wait(100);
    expect([server.tokens, server.told, states]).toEqual([['another'], [], ['connecting', 'refused']]);
  });

  test('gives up when its token is taken away', async () => {
    link();
    await toldTo(1);
    server.closeSockets(4401);
    await until(() => states.at(-1) === 'refused');
    await wait(100);
    expect(server.tokens).toHaveLength(1);
  });

  test('starts anew when the server does not know its cursor any more', async () => {
    link();
    await toldTo(1);
    server.send(alertOf({ id: 'a' }));
    await until(() => events.length === 1);
    server.onSubscribe = (after) => {
      if (after !== undefined) throw new GraphQLError('No such place.', { extensions: { code: 'CURSOR_INVALID' } });
    };
    server.closeSockets(1012);
    await toldTo(3);
    server.send(alertOf({ id: 'b' }));
    await until(() => events.length === 2);
    expect(server.told).toEqual(['subscribes ALERTS after undefined', 'subscribes ALERTS after 1', 'subscribes ALERTS after undefined']);
  });

  test('asks anew on the same socket where it refreshes', async () => {
    link({ keepsPlace: false, refreshMs: 30 });
    await toldTo(3);
    server.send(alertOf({ id: 'a' }));
    await until(() => events.length === 1);
    expect(server.tokens).toHaveLength(1);
  });

  test('when it is stopped, it is gone', async () => {
    link();
    await toldTo(1);
    unlink();
    await until(() => parted === 1);
    await wait(100);
    expect(server.tokens).toHaveLength(1);
  });
});

describe('a network that falls silent', () => {
  /** A socket whose server takes the credential, and is never heard again. What is sent on it is lost, and no close comes. */
  class SilentSocket {
    static readonly CONNECTING = 0;
    static readonly OPEN = 1;
    static readonly CLOSING = 2;
    static readonly CLOSED = 3;
    static opened = 0;
    readyState = SilentSocket.OPEN;
    onopen?: () => void;
    onclose?: (event: { code: number; reason: string; wasClean: boolean }) => void;
    onmessage?: (event: { data: string }) => void;

    constructor() {
      SilentSocket.opened++;
      setTimeout(() => this.onopen?.());
    }

    send(text: string): void {
      if (JSON.parse(text).type === 'connection_init') setTimeout(() => this.onmessage?.({ data: '{"type":"connection_ack"}' }));
    }

    close(code = 1005, reason = ''): void {
      this.readyState = SilentSocket.CLOSED;
      setTimeout(() => this.onclose?.({ code, reason, wasClean: false }));
    }
  }

  beforeEach(() => {
    SilentSocket.opened = 0;
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test.each<[string, LinkOptions<Event>['greet']]>([
    ['while the page greets', async (ask) => void (await ask(reportAlert, { input: { alertId: 'a', lease: 'l', state: 'SHOWN' } }))],
    ['after the page has subscribed', async () => {}],
  ])('%s is noticed within twenty seconds, and a new socket is tried', async (_, greet) => {
    const states: LinkState[] = [];
    const unlink = keepLinked<Event>({
      url: 'ws://silent.example/graphql', token: 'secret', query: overlayEvents, variables: { widget: 'ALERTS', locale: 'en' }, keepsPlace: true, greet,
      parted: () => {}, onEvent: () => {}, onState: (state) => void states.push(state), onBuild: () => {}, webSocketImpl: SilentSocket,
    });
    await jest.advanceTimersByTimeAsync(10_000);
    expect([states, SilentSocket.opened]).toEqual([['connecting'], 1]);
    await jest.advanceTimersByTimeAsync(10_000);
    unlink();
    expect([states, SilentSocket.opened]).toEqual([['connecting', 'away'], 2]);
  });
});
