/** Why there is no demo here, or why it cannot go on; `message` is fit to print as it is. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}
