/** What a live operation needs of a WebSocket; those of the `ws` package are ones. */
export interface LiveSocket {
  /** Bytes that were sent and are still in this process. */
  readonly bufferedAmount: number;
  /** `done` is called once the text left this process, or with the reason why it never will. */
  send(text: string, done: (error?: Error | null) => void): void;
  close(code: number, reason: string): void;
}

/** Close codes of RFC 6455 for passing reasons: the graphql-ws client comes back after them. */
export const closeCodes = { serviceRestart: 1012, tryAgainLater: 1013 } as const;
