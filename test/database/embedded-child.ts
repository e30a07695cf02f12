import { EmbeddedError, startEmbedded } from '../../src/database/embedded.ts';
import type { EmbeddedOptions } from '../../src/database/embedded.ts';

// A program of the tests: reports the server it got as a line of JSON, and keeps it until its input ends.
const argument = process.argv[2]!;
if (argument !== '--probe') {
  // A terminal's Ctrl-C: a program that drains before it stops does not end at once either.
  process.on('SIGINT', () => undefined);
  const log: string[] = [];
  const options = JSON.parse(argument) as Omit<EmbeddedOptions, 'log'>;
  try {
    const { ownerUrl, started, pid, dataDir, stop } = await startEmbedded({ ...options, log: (line) => log.push(line) });
    console.log(JSON.stringify({ url: ownerUrl(), started, pid, dataDir, log }));
    for await (const _ of process.stdin);
    await stop();
  } catch (error) {
    if (!(error instanceof EmbeddedError)) throw error;
    console.log(JSON.stringify({ error: error.message, log }));
  }
}
