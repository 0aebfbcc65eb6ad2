'use strict'

// Loads the native library: the file that KASSA_NODE_LIBRARY names, else the one in this package,
// else the one in the package of the platform, such as kassa-linux-x64-gnu.

const { here, library, missing, path, platform } = require('./platform.js')
const { existsSync } = require('node:fs')
const { constants } = require('node:os')
const faults = require('./faults.js')

function find() {
  if (process.env.KASSA_NODE_LIBRARY) {
    return path.resolve(process.env.KASSA_NODE_LIBRARY)
  }
  const own = path.join(path.dirname(here), `kassa.${platform}.node`)
  const found = existsSync(own) ? own : library()
  if (!found) throw new Error(`kassa has no native library: ${missing()}`)
  return found
}

const native = { exports: {} }
const file = find()
const fault = faults.ofFile(file)
if (fault) throw new Error(`kassa cannot load its native library: ${fault}`)
try {
  process.dlopen(native, file, constants.dlopen.RTLD_NOW)
} catch (cause) {
  throw new Error(`kassa cannot load its native library: ${faults.ofLoading(file, cause.message)}`, { cause })
}

module.exports = native.exports
