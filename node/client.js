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

  async call(operation, request, ...others) {
    return this.#answer(await native.call(this.#id, operation, written(request, others)))
  }

  callSync(operation, request, ...others) {
    return this.#answer(native.callSync(this.#id, operation, written(request, others)))
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
// as an object that no field takes. BigInt goes out as a text too.
function written(request = {}, others = []) {
  if (others.length) throw new TypeError('an operation takes one object and no options: what was begun is not aborted')
  return JSON.stringify(request, function (name, value) {
    const given = this[name]
    const isLost = typeof given === 'function' || given instanceof Map || given instanceof Set
    const isText = typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))
    if (isLost) return { [given.constructor.name]: null }
    return isText || (value === null && given instanceof Date) ? String(given) : value
  })
}

module.exports = { Client }
