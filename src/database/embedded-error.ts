/** The embedded PostgreSQL cannot be had; `message` says why and what to do, fit to print as it is. */
export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError';
}
