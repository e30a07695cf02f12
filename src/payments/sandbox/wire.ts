/** How the simulated processor and its adapter write JSON: micros as strings of digits, moments as ISO 8601. Names tell which is which. */
export function encode(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));
}

/** Reads what `encode` wrote. Throws a SyntaxError for what is no JSON, and for micros that are none. */
export function decode<T>(text: string): T {
  return JSON.parse(text, (name, part: unknown) => {
    if (typeof part !== 'string') return part;
    if (name.endsWith('Micros')) return BigInt(part);
    return name.endsWith('At') ? new Date(part) : part;
  }) as T;
}
