'use strict'

// The error classes: one for every kind, all of them `KassaError`.

class KassaError extends Error {
  constructor({ message, code, kind, advice, outcome, retry_after_ms, violations, vendor }) {
    super(message)
    Object.assign(this, { code, kind, advice, outcome, retry_after_ms, violations, vendor })
  }

  // The error of an envelope: an `InDoubtError` for the kind `in_doubt`.
  static from(body) {
    const kind = body.kind.replace(/(?:^|_)(.)/g, (_, letter) => letter.toUpperCase())
    return new (exports[`${kind}Error`] ?? KassaError)(body)
  }

  toJSON() {
    const { code, kind, message, advice, outcome, retry_after_ms, violations, vendor } = this
    return { code, kind, message, advice, outcome, retry_after_ms, violations, vendor }
  }
}

exports.KassaError = KassaError
exports.ConfigError = class ConfigError extends KassaError {}
exports.InvalidError = class InvalidError extends KassaError {}
exports.UnsupportedError = class UnsupportedError extends KassaError {}
exports.ConflictError = class ConflictError extends KassaError {}
exports.AuthError = class AuthError extends KassaError {}
exports.RefusedError = class RefusedError extends KassaError {}
exports.NotReadyError = class NotReadyError extends KassaError {}
exports.BusyError = class BusyError extends KassaError {}
exports.LimitedError = class LimitedError extends KassaError {}
exports.UnreachableError = class UnreachableError extends KassaError {}
exports.InDoubtError = class InDoubtError extends KassaError {}
exports.ProtocolError = class ProtocolError extends KassaError {}
exports.JournalError = class JournalError extends KassaError {}
exports.ClosedError = class ClosedError extends KassaError {}
exports.ForkedError = class ForkedError extends KassaError {}
exports.InternalError = class InternalError extends KassaError {}

for (const of of Object.values(exports)) {
  Object.defineProperty(of.prototype, 'name', { value: of.name, configurable: true })
}
