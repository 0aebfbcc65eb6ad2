'use strict'

// What the generated classes stand on: JSON in and out, errors, logging.

const native = require('./native.js')
const { KassaError } = require('./errors.js')
const { version } = require('./version.js')

if (native.version() !== version) {
  throw new Error(
    `kassa ${version} found the native library of version ${native.version()}; install the package again`,
  )
}

// Clients that nobody closed are let go with their last reference.
const forgotten = new FinalizationRegistry((id) => native.close(id))

class Client {
  #id = 0
  #logger

  constructor(config = {}, { logger } = {}) {
    const { vendor } = new.target
    if (vendor && (config.vendor ?? vendor) !== vendor) {
      throw new TypeError(`the configuration is for '${config.vendor}', not for '${vendor}'`)
    }
    this.#logger = logger
    this.#id = this.#answer(native.open(written(vendor ? { ...config, vendor } : config))).client
    forgotten.register(this, this.#id)
  }

  async call(operation, request, options) {
    const signal = signalOf(options)
    const text = written(request)
    signal?.throwIfAborted()
    const answer = native.call(this.#id, operation, text).then((envelope) => this.#answer(envelope))
    return signal ? waitedFor(answer, signal) : answer
  }

  callSync(operation, request, ...others) {
    if (others.some((other) => other != null)) throw new TypeError('the `Sync` forms take one object and no options: nothing can abort them')
    return this.#answer(native.callSync(this.#id, operation, written(request)))
  }

  close() {
    native.close(this.#id)
    this.#id = 0
  }

  [Symbol.dispose]() {
    this.close()
  }

  #answer(envelope) {
    const { ok, error, log = [] } = JSON.parse(envelope)
    for (const { level, target, message } of log) {
      // A logger that fails loses no result, neither by an exception nor by a rejected Promise.
      try {
        this.#logger?.[level](`${target}: ${message}`)?.catch?.(() => {})
      } catch {}
    }
    if (error) {
      throw KassaError.from(error)
    }
    return ok
  }
}

// `undefined` means absent, as `null` does. What JSON would silently turn into null (NaN) goes out
// as a text, for the core to refuse, and so does a Date that is none; what it would drop or empty (functions, Maps)
// as an object that no field takes. A BigInt goes out as a number, unless that would change its digits.
function written(request = {}) {
  return JSON.stringify(request, function (name, value) {
    const given = this[name]
    const isLost = typeof given === 'function' || given instanceof Map || given instanceof Set
    if (isLost) return { [given.constructor.name]: null }
    if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) return Number(value)
    const isText = typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))
    return isText || (value === null && given instanceof Date) ? String(given) : value
  })
}

// The signal among the options of a call. What is no option is refused: it would be lost in silence.
function signalOf(options) {
  if (options == null) return undefined
  const isObject = typeof options === 'object' && !('aborted' in options)
  const unknown = isObject ? Object.keys(options).find((name) => name !== 'signal') : options.constructor.name
  const signal = options.signal ?? undefined
  const isSignal = signal === undefined || (typeof signal.throwIfAborted === 'function' && 'aborted' in signal)
  if (unknown || !isSignal) {
    const what = unknown ? `not \`${unknown}\`` : `and \`signal\` is an AbortSignal, not ${typeof signal}`
    throw new TypeError(`a call takes its request and, as options, { signal }, ${what}; nothing was sent`)
  }
  return signal
}

// What waits with a signal: one listener for all of it, since Node warns of more than ten.
const waiting = new WeakMap()

// Ends as `answer` does, or with the signal's reason where that comes first. What was begun goes on.
function waitedFor(answer, signal) {
  let { calls, aborted } = waiting.get(signal) ?? {}
  if (!calls) {
    calls = new Set()
    aborted = () => calls.forEach((reject) => reject(signal.reason))
    waiting.set(signal, { calls, aborted })
    signal.addEventListener('abort', aborted)
  }
  return new Promise((resolve, reject) => {
    calls.add(reject)
    answer.then(resolve, reject).finally(() => {
      calls.delete(reject)
      if (calls.size === 0) {
        signal.removeEventListener('abort', aborted)
        waiting.delete(signal)
      }
    })
  })
}

module.exports = { Client }
