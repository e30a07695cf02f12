import path from 'node:path';
import { pathToFileURL } from 'node:url';

const root = path.join(import.meta.dirname, '..', 'dist');

/** The command line of the build. */
export const builtMain = path.join(root, 'src', 'main.js');

/** Loads a module of the build: what is measured is what production runs, and Node runs no decorators from TypeScript. */
export async function built<Module>(name: string): Promise<Module> {
  return (await import(pathToFileURL(path.join(root, name)).href)) as Module;
}
