/** The sign-in token of this browser tab, kept for the tab's life and never in localStorage or a URL. */
export type TokenStore = {
  get(): string;
  set(token: string): void;
  /** Calls `listener` after each change. Answers how to stop. */
  subscribe(listener: () => void): () => void;
};

const storageKey = 'farthing:token';

/** A store that starts with what `storage` holds and writes each change back to it. */
export function createTokenStore(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>): TokenStore {
  const listeners = new Set<() => void>();
  let current = storage.getItem(storageKey) ?? '';
  return {
    get: () => current,
    set(token) {
      const next = bareToken(token);
      if (next === current) return;
      current = next;
      if (next === '') storage.removeItem(storageKey);
      else storage.setItem(storageKey, next);
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** What was pasted, without spaces around it and without the word `Bearer` that a copied header brings along. */
function bareToken(pasted: string): string {
  return pasted.trim().replace(/^(authorization:\s*)?bearer\s+/i, '');
}

/**
 * Takes `token` out of a URL fragment such as `#token=abc&tab=2`.
 * @returns the token, null when there is none, and the fragment that is left, with its `#` or empty
 */
export function takeTokenFromFragment(fragment: string): { token: string | null; rest: string } {
  const parts = fragment.replace(/^#/, '').split('&').filter(Boolean);
  const part = parts.find((each) => each.startsWith('token='));
  const rest = parts.filter((each) => each !== part).join('&');
  return { token: part === undefined ? null : decode(part.slice('token='.length)), rest: rest && `#${rest}` };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
