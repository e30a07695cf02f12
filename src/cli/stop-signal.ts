/** npm and a shell's Ctrl-C may both pass on one and the same wish to stop. */
const oneWishMs = 500;

export interface StopSignal {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** Resolves then. */
  readonly requested: Promise<void>;
}

/** From now on the first signal asks to stop in order, and a later one ends the process at once. */
export function listenForStop(): StopSignal {
  const controller = new AbortController();
  let askedAt: number | null = null;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (askedAt !== null && Date.now() - askedAt > oneWishMs) process.exit(1);
      askedAt ??= Date.now();
      controller.abort();
    });
  }
  const { signal } = controller;
  return { signal, requested: new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })) };
}
