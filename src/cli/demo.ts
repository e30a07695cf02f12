import { readConfig, type Config } from '../config.ts';
import { demoHandle, streamDemoTips } from '../demo/room.ts';
import { usageError } from './cli-error.ts';
import type { Command } from './command.ts';
import { listenForStop } from './stop-signal.ts';

export const demo: Command = {
  name: 'demo',
  summary: 'Sends a stream of varied tips to a running server, so that whoever watches sees them arrive.',
  details: 'The tips come from the demo data\'s fans, through the public API; wallets that run dry are topped up by the sandbox.',
  options: [
    { name: 'tips', value: '<count>', description: 'How many; 0 goes on until Ctrl-C. Default: 60.' },
    { name: 'every', value: '<ms>', description: 'Milliseconds from one tip to the next. Default: 1000.' },
    { name: 'creator', value: '<handle>', description: `Whom to tip. Default: ${demoHandle}.` },
    { name: 'url', value: '<url>', description: 'Where the server listens. Default: from HOST and PORT.' },
  ],
  async run({ text, whole, say }) {
    const tips = whole('tips', { from: 0, to: 1_000_000_000, fallback: 60 });
    const everyMs = whole('every', { from: 0, to: 86_400_000, fallback: 1_000 });
    const url = serverUrl(text('url'), readConfig());
    const { signal } = listenForStop();
    const sent = await streamDemoTips({ url, handle: text('creator') ?? demoHandle, tips, everyMs, signal, say });
    say(`Sent ${sent} ${sent === 1 ? 'tip' : 'tips'}.`);
    return 0;
  },
};

function serverUrl(given: string | undefined, { host, port }: Config): string {
  if (given !== undefined) {
    if (URL.canParse(given) && /^https?:$/.test(new URL(given).protocol)) return given.replace(/\/+$/, '');
    throw usageError(`"${given}" is no value for --url of "farthing demo": give one such as http://127.0.0.1:4000.`);
  }
  if (port === 0) throw usageError('PORT is 0, so the server\'s port is not known: name the server with --url.');
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
