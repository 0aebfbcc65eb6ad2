/// <reference lib="esnext.disposable" />

declare global {
  /** Declared in full by the DOM's types and by Node's; here for projects that have neither. */
  interface AbortSignal {}
}

/** Where log lines go: `console`, or a logger of yours. */
export interface Logger {
  error(message: string): void
  warn(message: string): void
  info(message: string): void
  debug(message: string): void
}

/** What a client takes beside its configuration. */
export interface Options {
  /** Gets the log lines that `log` in the configuration asks for. */
  logger?: Logger
}

/** What a call takes beside its request. */
export interface CallOptions {
  /**
   * Ends the wait, and not the sale: the Promise rejects with the signal's `reason` (an `AbortError`), while what
   * was begun goes on to its end in the library. What became of it is told by `status`, or by the same call
   * with the same id; never use a new id for it. With a signal that is aborted already nothing is sent.
   */
  signal?: AbortSignal | null
}

/** A client of one vendor and one cash register. Use the vendors' classes. */
export class Client {
  /** Opens a client; no connection is made. Throws `ConfigError` with everything that is wrong. */
  constructor(config: object, options?: Options)
  /** Carries out an operation by its name; the methods of the vendors' classes do this. */
  call(operation: string, request?: object, options?: CallOptions): Promise<unknown>
  /** The same while the event loop stands still: for scripts, never for servers. */
  callSync(operation: string, request?: object): unknown
  /** Closes the client. Calls under way come to their end; closing twice is harmless. */
  close(): void
  [Symbol.dispose](): void
}
