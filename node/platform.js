'use strict'

// Which platform this is, where its package lies, and why that is not there.

const PAGE = 'https://github.com/kassa/kassa/blob/main/docs/node.md'
const BUNDLED =
  'kassa was bundled, and a native library cannot be: name `kassa` as `external` to the bundler and ship it in ' +
  `node_modules beside the bundle (${PAGE})`

// In a bundle of ES modules there is neither `require` nor `__filename`.
let createRequire, path
try {
  ;({ createRequire } = require('node:module'))
  path = require('node:path')
} catch (cause) {
  throw new Error(BUNDLED, { cause })
}
const here = typeof __filename === 'undefined' ? '' : __filename
const isBundled = path.basename(here) !== 'platform.js'
const resolve = createRequire(here || path.resolve('here')).resolve
const platforms = require('./npm/platforms.json')

process.report.excludeNetwork = true
// The version of glibc that runs here; absent with another C library.
const glibc = process.platform === 'linux' ? process.report.getReport().header.glibcVersionRuntime : undefined
const libc = process.platform !== 'linux' ? '' : glibc ? '-gnu' : '-musl'
const platform = `${process.platform}-${process.arch}${libc}`

// Where something of the platform's package lies; absent where it is not installed.
function found(what) {
  try {
    return resolve(what)
  } catch {}
}
const folder = (name = platform) => found(`kassa-${name}/package.json`)?.replace(/package\.json$/, '')
const library = () => found(`kassa-${platform}`)

// Why there is no package, and what to do.
function missing() {
  if (isBundled) return BUNDLED
  const names = platforms.map(({ name }) => name)
  if (!names.includes(platform)) {
    return `there is no package kassa-${platform}, only for ${names.join(', ')}: build the library (${PAGE}) and name it in KASSA_NODE_LIBRARY`
  }
  if (folder()) return `the package kassa-${platform} is there without it: install kassa again (\`npm ci\`)`
  const other = names.find((name) => name !== platform && folder(name))
  if (other) {
    return `node_modules was installed for ${other}, and this is ${platform}: delete it and run \`npm ci\` on this platform`
  }
  return (
    `the package kassa-${platform} is not installed: npm ran with --omit=optional, or package-lock.json does not ` +
    'have it: run `npm install kassa --include=optional`'
  )
}

module.exports = { PAGE, folder, glibc, here, library, missing, path, platform }
