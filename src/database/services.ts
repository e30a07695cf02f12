/**
 * A typed registry of the things a running Farthing is made of: rooms declare keys, the composition root
 * provides the few that need its knowledge (config, database, clock), and everything else is made on first use.
 * It exists because the GraphQL schema is built once a process while tests run several servers in it.
 */
export interface ServiceKey<T> {
  readonly name: string;
  readonly create?: (services: Services) => T;
  readonly close?: (service: T) => Promise<void> | void;
}

/** Declares a service. Without `create` it must be provided by the composition root before its first use. */
export function service<T>(
  name: string,
  create?: (services: Services) => T,
  close?: (service: T) => Promise<void> | void,
): ServiceKey<T> {
  return { name, create, close };
}

export class Services {
  readonly #made = new Map<ServiceKey<unknown>, unknown>();
  readonly #closers: (() => Promise<void> | void)[] = [];

  provide<T>(key: ServiceKey<T>, value: T): this {
    this.#made.set(key as ServiceKey<unknown>, value);
    return this;
  }

  get<T>(key: ServiceKey<T>): T {
    const known = key as ServiceKey<unknown>;
    if (this.#made.has(known)) return this.#made.get(known) as T;
    if (!key.create) throw new Error(`The service "${key.name}" was asked for before it was provided.`);
    const made = key.create(this);
    this.#made.set(known, made);
    if (key.close) this.#closers.push(() => key.close?.(made));
    return made;
  }

  /** Closes what was made here, the newest first, since later services stand on earlier ones. */
  async close(): Promise<void> {
    for (let closer = this.#closers.pop(); closer; closer = this.#closers.pop()) await closer();
    this.#made.clear();
  }
}
