import { afterEach, describe, expect, test } from '@jest/globals';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packagedBinaries, prepareBinaries } from '../../src/database/embedded-binaries.ts';
import { choosePlace } from '../../src/database/embedded-folder.ts';
import { cleanUp, isRoot, scratch } from './embedded-support.ts';

afterEach(cleanUp);

const asRoot = isRoot ? test : test.skip;

/** The installed package as npm leaves it with --ignore-scripts, and a data folder beside it. */
function unlinkedPackage() {
  const folder = scratch();
  const native = join(folder, 'package', 'native');
  cpSync(dirname(packagedBinaries()), join(folder, 'package'), { recursive: true, verbatimSymlinks: true });
  const links = (JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { target: string }[]).map(({ target }) => join(native, '..', target));
  for (const link of links) rmSync(link, { force: true });
  const { dataDir, user } = choosePlace(join(folder, 'data'), [], () => undefined);
  return { native, links, dataDir, user };
}

describe('the programs of PostgreSQL', () => {
  test('get the library links that the install script would have made', async () => {
    const { native, links, dataDir, user } = unlinkedPackage();
    const binaries = await prepareBinaries(native, dataDir, user);
    expect(binaries).toMatchObject({ postgres: join(native, 'bin', 'postgres'), major: '18', version: expect.stringMatching(/^18\.\d+/) });
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) expect(lstatSync(link).isSymbolicLink()).toBe(true);
  });

  asRoot('are copied once where the database’s user cannot reach them, and copies of other versions go', async () => {
    const { native, dataDir, user } = unlinkedPackage();
    chmodSync(join(native, '..'), 0o700);
    mkdirSync(join(dataDir, 'binaries-17.0.0'));
    const { postgres } = await prepareBinaries(native, dataDir, user);
    expect(postgres).toMatch(new RegExp(`^${dataDir}/binaries-18[^/]+/native/bin/postgres$`));
    expect(readdirSync(dataDir).filter((name) => name !== 'postgres')).toEqual([expect.stringMatching(/^binaries-18/)]);
    const { ino } = lstatSync(postgres);
    expect((await prepareBinaries(native, dataDir, user)).postgres).toBe(postgres);
    expect(lstatSync(postgres).ino).toBe(ino);
  });

  test('that do not run, copied or not, are an error that says how', async () => {
    const { native, dataDir, user } = unlinkedPackage();
    writeFileSync(join(native, 'bin', 'postgres'), '#!/bin/sh\necho "no such library" >&2; exit 127\n', { mode: 0o755 });
    await expect(prepareBinaries(native, dataDir, user)).rejects.toThrow('The embedded PostgreSQL does not run on this system (no such library). Set DATABASE_URL to a server.');
    expect(existsSync(dataDir)).toBe(true);
  });
});
