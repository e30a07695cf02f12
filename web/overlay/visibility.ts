/** What a window is to this module; `obsstudio` is there in a browser source of OBS. */
export interface View {
  readonly document: { readonly visibilityState: string; addEventListener(type: 'visibilitychange', listener: () => void): void };
  readonly obsstudio?: { onVisibilityChange?: (isVisible: boolean) => void };
  addEventListener(type: string, listener: (event: Event) => void): void;
}

/**
 * Tells whenever it changes whether anybody can see the page: the document is visible, and in OBS the source is shown, and shown in the
 * program (not only in the preview of studio mode). OBS says nothing before the first change, so until then the page counts as seen.
 */
export function watchVisibility(view: View, onChange: (isVisible: boolean) => void): boolean {
  const page = view.document;
  const seen = { document: page.visibilityState !== 'hidden', source: true, program: true };
  let last = seen.document;
  const look = (change: Partial<typeof seen>) => {
    Object.assign(seen, change);
    const isVisible = seen.document && seen.source && seen.program;
    if (isVisible === last) return;
    last = isVisible;
    onChange(isVisible);
  };
  page.addEventListener('visibilitychange', () => look({ document: page.visibilityState !== 'hidden' }));
  view.addEventListener('obsSourceVisibleChanged', (event) => look({ source: detailOf(event, 'visible') }));
  view.addEventListener('obsSourceActiveChanged', (event) => look({ program: detailOf(event, 'active') }));
  if (view.obsstudio) view.obsstudio.onVisibilityChange = (isVisible) => look({ source: isVisible });
  return last;
}

function detailOf(event: Event, name: string): boolean {
  return ((event as CustomEvent<Record<string, boolean> | null>).detail ?? {})[name] !== false;
}
