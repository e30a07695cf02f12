/** An overlay's address for another widget or look: what stands behind the token in it. */
export function addressFor(url: string, widget: string, theme: string): string {
  const [place, fragment = ''] = url.split('#');
  const parts = new URLSearchParams(fragment);
  parts.set('w', widget);
  parts.set('theme', theme);
  return `${place}#${parts}`;
}
