import type { ErrorBody, ErrorCode, ErrorKind, Outcome, VendorFault, Violation } from './index.js'

/** What went wrong, whether the sale is on record (`outcome`), what to do next (`advice`). */
export class KassaError extends Error {
  constructor(body: ErrorBody)
  /** The error of an envelope, of the class of its kind. */
  static from(body: ErrorBody): KassaError
  /** Stable code, one of `ERROR_CODES`. */
  code: ErrorCode
  /** Family of the code: the class of the error. */
  kind: ErrorKind
  /** What to do next. */
  advice: string
  /** Whether the sale is on record. */
  outcome: Outcome
  /** When it makes sense to try again, in milliseconds from now. */
  retry_after_ms: number | null
  /** Everything that is wrong with the request. */
  violations: Violation[]
  /** What the vendor said. */
  vendor: VendorFault | null
  /** The error as the envelope has it: what `JSON.stringify` writes. */
  toJSON(): ErrorBody
}
