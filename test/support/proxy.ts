import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type NetConnectOpts, type Socket } from 'node:net';
import pg from 'pg';

/** What becomes of a COMMIT on its way. */
export type CommitFate =
  | 'PASS'
  /** The connection fails before COMMIT reaches the server, which rolls back. */
  | 'LOSE_COMMIT'
  /** The client's side fails at once and the server's never hears of it: the transaction stays open there, with its locks. */
  | 'STRAND_COMMIT'
  /** The connection fails for the client at once, COMMIT reaches the server so much later, and nobody hears its answer. */
  | { readonly loseAnswerAfterMs: number };

/** A way to PostgreSQL that a test can cut: the same database under another URL. */
export interface DatabaseProxy {
  readonly url: string;
  /** Asked at every COMMIT; every one passes until a test says otherwise. */
  fateOfCommit: () => CommitFate;
  /** Ends every open connection at once, as a failing network does. */
  cut(): void;
  /** Ends every open connection and refuses new ones, until `accept()`. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  close(): Promise<void>;
}

/** The protocol's Query message (PostgreSQL's manual, "Message Formats"), as pg sends it for COMMIT: always a write of its own. */
const commitMessage = Buffer.from('Q\0\0\0\x0bCOMMIT\0', 'latin1');

export async function startDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const target = targetOf(databaseUrl);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target);
    let isLost = false;
    for (const [from, to] of [[near, far], [far, near]] as const) {
      sockets.add(from);
      from.on('error', () => isLost || to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        if (!isLost) to.destroy();
      });
      from.on('drain', () => to.resume());
      from.on('data', (bytes: Buffer) => {
        const fate = from === near && bytes.equals(commitMessage) ? proxy.fateOfCommit() : 'PASS';
        if (fate !== 'PASS') {
          isLost = true;
          lose(fate, near, far);
        } else if (!isLost && !to.write(bytes)) from.pause();
      });
    }
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const refuse = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  };
  const port = await listen(0);
  const url = new URL(databaseUrl);
  url.searchParams.delete('host');
  url.searchParams.delete('port');
  const { user = '', database = '' } = new pg.Client(databaseUrl);
  const proxy: DatabaseProxy = {
    url: `postgres://${encodeURIComponent(user)}@127.0.0.1:${port}/${encodeURIComponent(database)}${url.search}`,
    fateOfCommit: () => 'PASS',
    cut,
    refuse,
    accept: async () => void (await listen(port)),
    close: refuse,
  };
  return proxy;
}

function lose(fate: Exclude<CommitFate, 'PASS'>, near: Socket, far: Socket): void {
  near.destroy();
  if (fate === 'LOSE_COMMIT') far.destroy();
  else if (fate !== 'STRAND_COMMIT') setTimeout(() => far.end(commitMessage), fate.loseAnswerAfterMs);
}

/** Where pg itself would connect: a folder as host means the Unix socket in it. */
function targetOf(databaseUrl: string): NetConnectOpts {
  const { host, port } = new pg.Client(databaseUrl);
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}
