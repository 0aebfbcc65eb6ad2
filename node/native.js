'use strict'

// Finds the native library: the file that KASSA_NODE_LIBRARY names, else the one in this package,
// else the package of the platform, such as kassa-linux-x64-gnu.

const { existsSync } = require('node:fs')
const { constants } = require('node:os')
const path = require('node:path')

function libc() {
  if (process.platform !== 'linux') {
    return ''
  }
  process.report.excludeNetwork = true
  return process.report.getReport().header.glibcVersionRuntime ? '-gnu' : '-musl'
}

function find() {
  if (process.env.KASSA_NODE_LIBRARY) {
    return path.resolve(process.env.KASSA_NODE_LIBRARY)
  }
  const platform = `${process.platform}-${process.arch}${libc()}`
  const own = path.join(__dirname, `kassa.${platform}.node`)
  if (existsSync(own)) {
    return own
  }
  try {
    return require.resolve(`kassa-${platform}`)
  } catch (cause) {
    throw new Error(
      `kassa has no native library for ${platform}: neither the file ${own} nor the package kassa-${platform} ` +
        'is there. The package comes with kassa unless npm runs with --omit=optional, or node_modules or a ' +
        'package-lock.json was made on another platform: delete both and install again. ' +
        'KASSA_NODE_LIBRARY names a library to use instead.',
      { cause },
    )
  }
}

const native = { exports: {} }
process.dlopen(native, find(), constants.dlopen.RTLD_NOW)

module.exports = native.exports
