/**
 * A new element with a class. What fans wrote is given as `text` and becomes a text node, never markup; its direction is its own, so
 * that Arabic beside English stays in order.
 */
export function element(tag: string, className: string, text?: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) {
    made.dir = 'auto';
    made.textContent = text;
  }
  return made;
}
