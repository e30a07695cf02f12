// Builds dist/ when a source is newer than the last build: the server with tsc, the pages with Vite. `--force` builds always.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const force = process.argv.includes('--force');

/** The newest change below these paths, in milliseconds; folders count too, so that a removed file is noticed. */
function newest(...names) {
  let latest = 0;
  for (const name of names) {
    const full = path.join(root, name);
    if (!existsSync(full)) continue;
    const stats = statSync(full);
    latest = Math.max(latest, stats.mtimeMs);
    if (stats.isDirectory()) latest = Math.max(latest, newest(...readdirSync(full).map((child) => path.join(name, child))));
  }
  return latest;
}

function run(name, ...args) {
  const tool = path.join(root, 'node_modules', ...name);
  const { status } = spawnSync(process.execPath, [tool, ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

function build({ stamp, sources, tool, work }) {
  const file = path.join(root, 'dist', stamp);
  const built = existsSync(file) ? statSync(file).mtimeMs : 0;
  if (!existsSync(path.join(root, 'node_modules', tool))) return refuseStale(newest(...sources) > built);
  // Other versions of packages may build otherwise.
  if (!force && newest(...sources, 'package-lock.json') <= built) return;
  const startedAt = new Date();
  mkdirSync(path.join(root, 'dist'), { recursive: true });
  work();
  writeFileSync(file, '');
  // A source that changed while the build ran is newer than this.
  utimesSync(file, startedAt, startedAt);
}

/** Without devDependencies the build is used as it is; `npm prune`, which takes them away, also touches package-lock.json. */
function refuseStale(isStale) {
  if (!isStale) return;
  console.error('The sources are newer than the build, and what builds them is not installed. Run: npm ci --include=dev && npm run build');
  process.exit(1);
}

// An installation of the build alone, without its sources, has nothing to build.
if (existsSync(path.join(root, 'src'))) {
  build({
    stamp: '.server-built',
    sources: ['src', 'migrations', 'tsconfig.build.json'],
    tool: 'typescript',
    work: () => {
      // Beside the old build (at the same depth, for the source maps), which stays whole until the new one is: a compile that fails breaks nothing that runs.
      const fresh = path.join(root, '.dist-fresh');
      rmSync(fresh, { recursive: true, force: true });
      run(['typescript', 'bin', 'tsc'], '-p', 'tsconfig.build.json', '--outDir', fresh);
      for (const folder of ['src', 'migrations']) {
        rmSync(path.join(root, 'dist', folder), { recursive: true, force: true });
        renameSync(path.join(fresh, folder), path.join(root, 'dist', folder));
      }
      rmSync(fresh, { recursive: true, force: true });
    },
  });
  build({
    stamp: '.pages-built',
    sources: ['web'],
    tool: 'vite',
    work: () => {
      const pages = readdirSync(path.join(root, 'web')).filter((name) => existsSync(path.join(root, 'web', name, 'index.html')));
      for (const page of pages) run(['vite', 'bin', 'vite.js'], 'build', path.join('web', page), '--logLevel', 'warn', '-c', 'web/vite.config.ts');
    },
  });
}
