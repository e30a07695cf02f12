/** A page that is open with an overlay's token. */
export interface Source {
  readonly widget: string | null;
  readonly isVisible: boolean;
}

/** Whether alerts can be seen: on a page that shows them and is not hidden. The others say why they wait. */
export type Presence = 'seen' | 'hidden' | 'elsewhere' | 'nowhere';

/** How it stands with alerts on these pages, and on how many of them that is so. */
export function presenceOf(sources: readonly Source[]): { readonly presence: Presence; readonly count: number } {
  const alerts = sources.filter(({ widget }) => widget === 'ALERTS');
  const seen = alerts.filter(({ isVisible }) => isVisible);
  if (seen.length > 0) return { presence: 'seen', count: seen.length };
  if (alerts.length > 0) return { presence: 'hidden', count: alerts.length };
  return { presence: sources.length > 0 ? 'elsewhere' : 'nowhere', count: sources.length };
}

/** The same in words, of all overlays of a page together. */
export function presenceWords(sources: readonly Source[]): string {
  const { presence, count } = presenceOf(sources);
  switch (presence) {
    case 'seen':
      return count === 1 ? 'Overlay connected' : `${count} overlays connected`;
    case 'hidden':
      return 'Overlay hidden in OBS: alerts wait';
    case 'elsewhere':
      return 'No alert widget connected: alerts wait';
    case 'nowhere':
      return 'No overlay connected: alerts wait';
  }
}
