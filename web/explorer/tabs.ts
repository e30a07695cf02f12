import type { Sample } from './samples.ts';

/** The part of Web Storage that is needed here. */
export type TextStorage = Pick<Storage, 'getItem' | 'setItem'>;

type StoredTab = { query: string | null; variables: string | null };

const samplesKey = 'farthing:samples';
const tabsKey = 'graphiql:tabState';
const queryKey = 'graphiql:query';
const variablesKey = 'graphiql:variables';

/**
 * Brings the samples among the stored tabs up to date, so that a tab nobody touched never sends yesterday's key to a
 * creator of a database that is gone. A tab that was edited belongs to its reader and stays as it is.
 */
export function renewStoredSamples(storage: TextStorage, fresh: Sample[]): void {
  const before = parseOr<Sample[]>(storage.getItem(samplesKey), []);
  const renew = (tab: StoredTab): Sample | undefined =>
    fresh[before.findIndex((sample) => sample.query === tab.query && (sample.variables ?? '') === (tab.variables ?? ''))];

  const stored = parseOr<{ tabs?: StoredTab[] }>(storage.getItem(tabsKey), {});
  if (Array.isArray(stored.tabs)) {
    const tabs = stored.tabs.map((tab) => ({ ...tab, ...renew(tab) }));
    storage.setItem(tabsKey, JSON.stringify({ ...stored, tabs }));
  }
  // GraphiQL keeps the open editors apart from the tabs and adds a tab when the two differ.
  const open = renew({ query: storage.getItem(queryKey), variables: storage.getItem(variablesKey) });
  if (open) {
    storage.setItem(queryKey, open.query);
    storage.setItem(variablesKey, open.variables ?? '');
  }
  storage.setItem(samplesKey, JSON.stringify(fresh));
}

function parseOr<T>(text: string | null, otherwise: T): T {
  try {
    return text === null ? otherwise : ((JSON.parse(text) as T | null) ?? otherwise);
  } catch {
    return otherwise;
  }
}
