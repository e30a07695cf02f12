import { afterEach, describe, expect, test } from '@jest/globals';
import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { choosePlace, makeSocketDir } from '../../src/database/embedded-folder.ts';
import { canOthersRunUs, cleanUp, endChild, idOf, isRoot, query, scratch, startChild } from './embedded-support.ts';

afterEach(cleanUp);

const asRoot = isRoot ? test : test.skip;
const asAnother = canOthersRunUs() ? test : test.skip;

/** A folder inside one that only its owner may enter, as a clone in a closed home. */
function closedFolder(): string {
  const closed = join(scratch(), 'home');
  mkdirSync(closed, { mode: 0o700 });
  return join(closed, 'clone', '.data');
}

function choose(wanted: string, elsewhere: string[]) {
  const log: string[] = [];
  const place = choosePlace(wanted, elsewhere, (line) => log.push(line));
  return { ...place, log };
}

describe('the place of the data', () => {
  test('is the wanted folder where it can serve, without a word', () => {
    const wanted = join(scratch(), 'deep', 'data');
    expect(choose(wanted, [])).toMatchObject({ dataDir: wanted, log: [] });
    expect(statSync(join(wanted, 'postgres')).mode & 0o777).toBe(0o700);
  });

  test('is elsewhere where the wanted path is no folder, and the same at the next start', () => {
    const elsewhere = join(scratch(), 'state');
    const { dataDir, log } = choose('/dev/null/data', [elsewhere]);
    expect(dataDir.startsWith(`${elsewhere}/`)).toBe(true);
    expect(log).toEqual([expect.stringContaining(`The data is kept in ${dataDir}, not in /dev/null/data: ENOTDIR`)]);
    expect(choose('/dev/null/data', [elsewhere]).dataDir).toBe(dataDir);
    expect(choose('/dev/null/other', [elsewhere]).dataDir).not.toBe(dataDir);
  });

  test('is elsewhere where no folder can ever be made', () => {
    const elsewhere = join(scratch(), 'state');
    const { dataDir, log } = choose('/proc/farthing/deep/data', [elsewhere]);
    expect(dataDir.startsWith(`${elsewhere}/`)).toBe(true);
    expect(log[0]).toContain('not in /proc/farthing/deep/data: ENOENT');
    expect(log[0]).not.toContain('begin anew');
  });

  test('stays elsewhere once a database is there', async () => {
    const folder = scratch();
    const [wanted, elsewhere] = [join(folder, 'data'), join(folder, 'state')];
    const { dataDir } = choose(wanted, [elsewhere]);
    expect(dataDir).toBe(wanted);
    chmodSync(folder, 0o711);
    const blocked = join(folder, 'blocked');
    const { pgdata, dataDir: other } = choose('/dev/null/data', [blocked]);
    mkdirSync(join(pgdata, 'PG_VERSION'));
    const again = choose('/dev/null/data', [elsewhere, blocked]);
    expect(again.dataDir).toBe(other);
    expect(again.log[0]).toContain('the database of an earlier start is there');
  });

  test('is nowhere if no folder can serve, and the message names each with its reason', () => {
    expect(() => choose('/dev/null/data', ['/dev/null'])).toThrow(/^No folder can hold the embedded database[^]*\/dev\/null\/data: ENOTDIR[^]*\n {2}\/dev\/null\/\w+: ENOTDIR/);
  });

  asRoot('is elsewhere where a closed home shuts the database out', async () => {
    const wanted = closedFolder();
    const elsewhere = join(scratch(), 'state');
    const child = startChild({ dataDir: wanted, elsewhere: [elsewhere] });
    const { dataDir, log, url } = await child.report;
    expect(dataDir.startsWith(`${elsewhere}/`)).toBe(true);
    expect(log[0]).toMatch(/: the user \w+, who runs the database, cannot enter or write it/);
    await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await endChild(child.process);
    const next = startChild({ dataDir: wanted, elsewhere: [elsewhere] });
    expect(await query((await next.report).url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await endChild(next.process);
  });

  asRoot('is the wanted folder even if root had closed it: the database may pass through, not look', () => {
    const wanted = join(scratch(), 'data');
    mkdirSync(wanted, { mode: 0o700 });
    expect(choose(wanted, [])).toMatchObject({ dataDir: wanted, log: [] });
    expect(statSync(wanted).mode & 0o777).toBe(0o711);
  });

  asRoot('is never an empty folder elsewhere when the wanted one holds a database that has become closed', () => {
    const folder = scratch();
    const { pgdata } = choose(join(folder, 'data'), []);
    mkdirSync(join(pgdata, 'PG_VERSION'));
    chmodSync(folder, 0o700);
    expect(() => choose(join(folder, 'data'), [join(scratch(), 'state')])).toThrow(/^The database in .*data cannot be used: the user \w+/);
  });

  asRoot('belongs to whoever owned it before: a start as root does not shut its user out', () => {
    const dataDir = join(scratch(), 'data');
    mkdirSync(dataDir, { mode: 0o700 });
    const { uid, gid } = idOf('nobody');
    chownSync(dataDir, uid, gid);
    const { pgdata, user } = choose(dataDir, []);
    expect(user).toEqual({ name: 'nobody', ids: { uid, gid } });
    expect(statSync(pgdata).uid).toBe(uid);
  });

  asAnother('is elsewhere where another user may read the clone but not write it', async () => {
    const readable = scratch();
    chmodSync(readable, 0o755);
    const elsewhere = join(scratch(), 'state');
    mkdirSync(elsewhere, { mode: 0o700 });
    const { uid, gid } = idOf('nobody');
    chownSync(elsewhere, uid, gid);
    const child = startChild({ dataDir: join(readable, '.data'), elsewhere: [elsewhere], uid, gid });
    const { dataDir, log, url } = await child.report;
    expect(dataDir.startsWith(`${elsewhere}/`)).toBe(true);
    expect(log[0]).toContain('it is not writable by the user nobody');
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await endChild(child.process);
  });

  asAnother('is refused in a folder that somebody else made in one open to all', async () => {
    const shared = join(scratch(), 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o777);
    const child = startChild({ dataDir: '/dev/null/data', elsewhere: [shared], ...idOf('nobody') });
    expect((await child.report).error).toContain(`${shared} belongs to another user`);
  });

  asAnother('serves another user who owns it', async () => {
    const folder = scratch();
    const { uid, gid } = idOf('nobody');
    chownSync(folder, uid, gid);
    const child = startChild({ dataDir: join(folder, '.data'), uid, gid });
    const report = await child.report;
    expect(report).toMatchObject({ dataDir: join(folder, '.data'), started: 'started', log: [] });
    expect(statSync(`/proc/${report.pid}`).uid).toBe(uid);
    await endChild(child.process);
  });
});

describe('the place of the socket', () => {
  test('is in the system’s temporary folder, or in /tmp where that path is too long for a socket', async () => {
    const folder = scratch();
    const tmp = join(folder, 'x'.repeat(100));
    mkdirSync(tmp, { mode: 0o777 });
    const child = startChild({ dataDir: join(folder, 'data'), tmp });
    const { url } = await child.report;
    expect(decodeURIComponent(new URL(url).hostname)).toMatch(/^\/tmp\/farthing-[0-9a-f]{12}$/);
    await endChild(child.process);
  });

  asRoot('is refused where another user made it', () => {
    const place = choose(join(scratch(), 'data'), []);
    const socketDir = makeSocketDir(place, 5432);
    try {
      chownSync(socketDir, 12345, 12345);
      expect(() => makeSocketDir(place, 5432)).toThrow(`${socketDir}, where the database's socket belongs, was made by another user (id 12345): remove it`);
    } finally {
      rmSync(socketDir, { recursive: true });
    }
    expect(existsSync(socketDir)).toBe(false);
  });
});
