import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbedded } from '../../src/database/embedded.ts';
import type { EmbeddedPostgres } from '../../src/database/embedded.ts';
import { FAST, cleanUp, cleanUpAll, copyOf, endChild, initialisedFolder, processesIn, query, scratch, startChild, until } from './embedded-support.ts';

const running: EmbeddedPostgres[] = [];

async function start(dataDir: string): Promise<EmbeddedPostgres> {
  const server = await startEmbedded({ dataDir, elsewhere: [], log: () => undefined, settings: FAST });
  running.push(server);
  return server;
}

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  await cleanUp();
});

afterAll(cleanUpAll);

describe('the embedded server', () => {
  test('serves both roles with UTF-8, checksums and UTC, on its socket alone', async () => {
    const server = await start(join(scratch(), 'data'));
    const sql = `SELECT current_user AS "user", current_database() AS database, rolsuper AS super, current_setting('server_encoding') AS encoding,
      current_setting('data_checksums') AS checksums, current_setting('TimeZone') AS zone, current_setting('listen_addresses') AS addresses,
      current_setting('synchronous_commit') AS commit, current_setting('fsync') AS fsync, lower('ÉCLAIR') AS lower
      FROM pg_roles WHERE rolname = current_user`;
    const common = { database: 'farthing', encoding: 'UTF8', checksums: 'on', zone: 'UTC', addresses: '', commit: 'on', fsync: 'off', lower: 'éclair' };
    expect(await query(server.ownerUrl(), sql)).toEqual([{ user: 'farthing_owner', super: true, ...common }]);
    expect(await query(server.appUrl(), sql)).toEqual([{ user: 'farthing_app', super: false, ...common }]);
    expect(await query(server.ownerUrl('postgres'), 'SELECT current_database() AS name')).toEqual([{ name: 'postgres' }]);
    expect(statSync(server.socketDir).mode & 0o777).toBe(0o700);
  });

  test('flushes to disk unless it is told otherwise', async () => {
    const server = await startEmbedded({ dataDir: join(scratch(), 'data'), log: () => undefined });
    running.push(server);
    expect(await query(server.ownerUrl(), `SELECT current_setting('fsync') AS fsync`)).toEqual([{ fsync: 'on' }]);
  });

  test('keeps its data across a stop, and is gone after it', async () => {
    const dataDir = await initialisedFolder();
    const first = await start(dataDir);
    await query(first.ownerUrl(), 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    await first.ended;
    expect(processesIn(dataDir)).toEqual([]);
    const second = await start(dataDir);
    expect(second.started).toBe('started');
    expect(await query(second.ownerUrl(), 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await first.stop();
    expect(await query(second.ownerUrl(), 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  test('is joined by a second process, which leaves it running', async () => {
    const dataDir = await initialisedFolder();
    const child = startChild({ dataDir });
    const { pid } = await child.report;
    const joined = await start(dataDir);
    expect([joined.started, joined.pid]).toEqual(['joined', pid]);
    await joined.stop();
    expect(await query(joined.appUrl(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await endChild(child.process)).toBe(0);
    expect(processesIn(dataDir)).toEqual([]);
  });

  test('is started once by four processes that start on a new folder at the same time', async () => {
    const dataDir = join(scratch(), 'data');
    const children = Array.from({ length: 4 }, () => startChild({ dataDir }));
    const reports = await Promise.all(children.map((child) => child.report));
    expect(reports.map((report) => report.started).sort()).toEqual(['joined', 'joined', 'joined', 'started']);
    expect(new Set(reports.map((report) => report.pid)).size).toBe(1);
    expect(readdirSync(dataDir).sort()).toEqual(expect.arrayContaining(['postgres', 'postgres.log']));
    expect(readdirSync(dataDir).filter((name) => name.startsWith('unfinished'))).toEqual([]);
    await Promise.all(children.map((child) => endChild(child.process)));
    expect(processesIn(dataDir)).toEqual([]);
  });
});

describe('a killed process', () => {
  test.each(['kernel', 'watchdog'] as const)('takes the server with it (guard: %s) and leaves no lock', async (guard) => {
    if (guard === 'kernel' && process.platform !== 'linux') return;
    const dataDir = await initialisedFolder();
    const child = startChild({ dataDir, guard });
    const { url, pid } = await child.report;
    await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    expect(processesIn(dataDir)).toContain(pid);
    child.process.kill('SIGKILL');
    await once(child.process, 'exit');
    await until(() => processesIn(dataDir).length === 0);
    expect(existsSync(join(dataDir, 'postgres', 'postmaster.pid'))).toBe(false);
    const again = await start(dataDir);
    expect(again.started).toBe('started');
    expect(await query(again.ownerUrl(), 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  test('may be followed at once by a new start', async () => {
    const dataDir = await initialisedFolder();
    for (let round = 0; round < 3; round++) {
      const child = startChild({ dataDir });
      expect((await child.report).started).toBe('started');
      child.process.kill('SIGKILL');
      await once(child.process, 'exit');
    }
    await until(() => processesIn(dataDir).length === 0);
    expect((await start(dataDir)).started).toBe('started');
  });

  test('leaves no half of a database when it dies while making it', async () => {
    const dataDir = join(scratch(), 'data');
    for (const afterMs of [150, 300, 450]) {
      const child = startChild({ dataDir });
      await sleep(afterMs);
      child.process.kill('SIGKILL');
      await once(child.process, 'exit');
    }
    const server = await start(dataDir);
    expect(await query(server.appUrl(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test.each(['kernel', 'watchdog'] as const)('is not what Ctrl-C in a terminal does (guard: %s): the server waits for its process', async (guard) => {
    if (guard === 'kernel' && process.platform !== 'linux') return;
    const dataDir = await initialisedFolder();
    const child = startChild({ dataDir, guard });
    const { url } = await child.report;
    process.kill(-child.process.pid!, 'SIGINT');
    await sleep(200);
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await endChild(child.process)).toBe(0);
  });

  test('of the server itself loses nothing committed', async () => {
    const dataDir = await initialisedFolder();
    const first = await start(dataDir);
    await query(first.ownerUrl(), 'CREATE TABLE kept AS SELECT 42 AS answer');
    process.kill(first.pid, 'SIGKILL');
    await first.ended;
    await first.stop();
    const second = await start(dataDir);
    expect(second.started).toBe('started');
    expect(await query(second.ownerUrl(), 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });
});

describe('a lock left by a crash', () => {
  test.each(['a reused process id', 'a free process id'])('that names %s does not block', async (kind) => {
    const dataDir = await initialisedFolder();
    const first = await start(dataDir);
    await first.stop();
    const pgdata = join(dataDir, 'postgres');
    const { uid, gid } = statSync(pgdata);
    // Of the database's own user, so that PostgreSQL takes it for a server.
    const stranger = spawn('sleep', ['60'], { uid, gid, cwd: '/' });
    try {
      if (kind === 'a free process id') {
        stranger.kill('SIGKILL');
        await once(stranger, 'exit');
      }
      mkdirSync(first.socketDir, { mode: 0o700 });
      const lock = [stranger.pid, pgdata, 1_600_000_000, first.port, first.socketDir, '', '  123456      7', 'ready   ', ''].join('\n');
      for (const file of [join(pgdata, 'postmaster.pid'), join(first.socketDir, `.s.PGSQL.${first.port}.lock`)]) {
        writeFileSync(file, lock, { mode: 0o600 });
        chownSync(file, uid, gid);
      }
      const second = await start(dataDir);
      expect(second.started).toBe('started');
      expect(await query(second.appUrl(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  test('of a copied folder does not lead to the server of the original', async () => {
    const dataDir = await initialisedFolder();
    const original = await start(dataDir);
    const copy = await start(copyOf(dataDir));
    expect(copy.started).toBe('started');
    expect(copy.pid).not.toBe(original.pid);
  });
});

describe('a folder that is not ours to start', () => {
  test('of another major version is refused, and both versions are named', async () => {
    const dataDir = await initialisedFolder();
    await (await start(dataDir)).stop();
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
    await expect(start(dataDir)).rejects.toThrow(/was made by PostgreSQL 17, but this Farthing brings 18\.\d+/);
  });

  test('with other files where the database belongs is refused and left as it is', async () => {
    const dataDir = join(scratch(), 'data');
    mkdirSync(join(dataDir, 'postgres'), { recursive: true });
    writeFileSync(join(dataDir, 'postgres', 'notes.txt'), 'mine');
    await expect(start(dataDir)).rejects.toThrow(/postgres has files in it but no database|postgres belongs to the user with id 0/);
    expect(readdirSync(join(dataDir, 'postgres'))).toEqual(['notes.txt']);
  });

  test('whose server refuses to start shows the end of its log', async () => {
    const dataDir = await initialisedFolder();
    await (await start(dataDir)).stop();
    const broken = startEmbedded({ dataDir, log: () => undefined, settings: { ...FAST, max_connections: 'many' } });
    await expect(broken).rejects.toThrow(/did not start[^]*invalid value for parameter "max_connections": "many"/);
  });
});
