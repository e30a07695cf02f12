import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { printedSchema } from '../app.ts';
import type { Command } from './command.ts';

export const schema: Command = {
  name: 'schema',
  summary: 'Prints the GraphQL schema.',
  options: [{ name: 'write', description: 'Writes it into schema.graphql in the current folder instead.' }],
  async run({ has, say }) {
    const text = await printedSchema();
    if (!has('write')) {
      say(text.trimEnd());
      return 0;
    }
    const file = path.resolve('schema.graphql');
    writeFileSync(file, text);
    say(`Wrote ${file}`);
    return 0;
  },
};
