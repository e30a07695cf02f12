/** An offending value for a message: bounded, and escaped so that it cannot break out of its quotes. */
export function quoteText(text: string): string {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return JSON.stringify(shown.toWellFormed());
}
