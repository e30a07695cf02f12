#!/usr/bin/env node
// `farthing <command>`: builds what is out of date, then hands over to the build, on the Node.js that the project brings along.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const bundled = path.join(root, 'node_modules', '.bin', 'node');
const node = existsSync(bundled) ? bundled : process.execPath;

function run(args) {
  const child = spawn(node, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.on('exit', (code, signal) => resolve(code ?? (signal ? 1 : 0))));
}

const built = await run([path.join(root, 'scripts', 'build.mjs')]);
process.exitCode = built || (await run(['--enable-source-maps', path.join(root, 'dist', 'src', 'main.js'), ...process.argv.slice(2)]));
