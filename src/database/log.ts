import { service } from './services.ts';

/** Where rooms write what an operator should know. A pino logger is one. Nothing secret, and nothing fans wrote, goes in. */
export interface Log {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

const silent: Log = { info: () => {}, warn: () => {}, error: () => {} };

/** Provided by the composition root; silent where nobody listens. */
export const logService = service<Log>('log', () => silent);
