/** `npm run bench <name> [-- options]`: runs one benchmark against the build in `dist/`. */
interface Benchmark {
  readonly summary: string;
  readonly load: () => Promise<{ run(argv: readonly string[]): Promise<void> }>;
}

const benchmarks: Readonly<Record<string, Benchmark>> = {
  cost: {
    summary: 'What reaches the creator of what a fan pays, every fee counted, beside others’ published fees: writes bench/COST.md.',
    load: () => import('./cost.ts'),
  },
  fanout: {
    summary: 'Events a second to 2,000 sockets on one creator, beside a bare broadcast and beside one execution a socket.',
    load: () => import('./fanout.ts'),
  },
  renewals: {
    summary: 'Micro-subscriptions renewed a second, beside plain INSERT … SELECT of the same rows and one transaction each.',
    load: () => import('./renewals.ts'),
  },
  tips: {
    summary: 'Tips a second over HTTP, spread over many creators and on one, beside pgbench on the same PostgreSQL.',
    load: () => import('./tips.ts'),
  },
  'tips-during-renewals': {
    summary: 'How long tips take while micro-subscriptions renew, beside how long they take otherwise.',
    load: () => import('./tips-during-renewals.ts'),
  },
};

const [name, ...options] = process.argv.slice(2);
const chosen = name === undefined ? undefined : benchmarks[name];
if (chosen) {
  // So that what a benchmark does at the exit is done.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const { run } = await chosen.load();
  await run(options);
} else {
  if (name !== undefined) console.error(`There is no benchmark "${name}".`);
  console.log(['Usage: npm run bench <name> -- [options]', '', ...Object.entries(benchmarks).map(([key, { summary }]) => `  ${key.padEnd(22)}${summary}`)].join('\n'));
  process.exitCode = name === undefined ? 0 : 2;
}
