/// <reference lib="esnext.disposable" />

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

/** A client of one vendor and one cash register. Use the vendors' classes. */
export class Client {
  /** Opens a client; no connection is made. Throws `ConfigError` with everything that is wrong. */
  constructor(config: object, options?: Options)
  /** Carries out an operation by its name; the methods of the vendors' classes do this. */
  call(operation: string, request?: object): Promise<unknown>
  /** The same while the event loop stands still: for scripts, never for servers. */
  callSync(operation: string, request?: object): unknown
  /** Closes the client. Calls under way come to their end; closing twice is harmless. */
  close(): void
  [Symbol.dispose](): void
}
