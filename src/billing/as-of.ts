export type ParsedAsOf = { readonly kind: 'PARSED'; readonly asOf: Date } | { readonly kind: 'REFUSED'; readonly problem: string };

const form = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/**
 * Reads the time by which a run finds what is due (ISO 8601): a day, which begins at midnight in UTC, or a moment with its zone. `mayBeAhead`
 * allows one to come, which would charge people before they owe.
 */
export function parseAsOf(text: string, now: Date, { mayBeAhead }: { readonly mayBeAhead: boolean }): ParsedAsOf {
  const day = form.exec(text)?.[1];
  const asOf = new Date(text);
  // Date.parse takes February 30 for March 2.
  if (day === undefined || Number.isNaN(asOf.getTime()) || new Date(day).toISOString().slice(0, 10) !== day) {
    return { kind: 'REFUSED', problem: 'give a day, such as 2026-03-31, or a moment with its zone, such as 2026-03-31T12:00:00Z.' };
  }
  if (asOf > now && !mayBeAhead) {
    return { kind: 'REFUSED', problem: `it lies ahead of now, ${now.toISOString()}, and fans would be charged before they owe.` };
  }
  return { kind: 'PARSED', asOf };
}
