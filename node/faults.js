'use strict'

// Why a file cannot be loaded as a library, and what to do, in one line.

const { closeSync, fstatSync, openSync, readSync } = require('node:fs')
const { PAGE, glibc, platform } = require('./platform.js')

const MACHINES = { 3: 'ia32', 40: 'arm', 62: 'x64', 183: 'arm64', 243: 'riscv64' }
const KINDS = { '7f454c46': 'linux', cffaedfe: 'darwin', cafebabe: 'darwin' }
const AGAIN = 'install kassa again (`npm ci`)'
const HEADER = 64

// By the file alone, before it is loaded: a library that is cut short can end the process.
exports.ofFile = (file) => {
  const head = Buffer.alloc(HEADER)
  let size
  try {
    const opened = openSync(file)
    readSync(opened, head)
    ;({ size } = fstatSync(opened))
    closeSync(opened)
  } catch (cause) {
    return `${file} cannot be read (${cause.code}): ${cause.code === 'ENOENT' ? AGAIN + ', or correct KASSA_NODE_LIBRARY' : 'correct its rights'}`
  }
  if (size === 0) return `${file} is empty: ${AGAIN}`
  if (process.platform !== 'linux') return undefined
  const kind = KINDS[head.toString('hex', 0, 4)] ?? (head.toString('latin1', 0, 2) === 'MZ' ? 'win32' : undefined)
  if (!kind) return `${file} is no library, or a damaged one: ${AGAIN}`
  if (kind !== 'linux') return `${file} is for ${kind}, and this is ${platform}: ${AGAIN} on this platform`
  // What stands where is known of 64 bits, the low byte first.
  if (size >= HEADER && (head[4] !== 2 || head[5] !== 1)) return undefined
  const machine = MACHINES[head.readUInt16LE(18)]
  if (machine && machine !== process.arch) return `${file} is for ${machine}, and this Node.js is ${process.arch}: ${AGAIN} on this platform`
  // The table of sections is the last thing in the file.
  const end = Math.max(HEADER, Number(head.readBigUInt64LE(40)) + head.readUInt16LE(58) * head.readUInt16LE(60))
  return size < end ? `${file} is cut short (${size} bytes of ${end}): ${AGAIN}` : undefined
}

// By what the loader said.
const SAID = [
  [
    /`GLIBC_([\d.]+)' not found/,
    ([, needed]) => `it needs glibc ${needed}, and here is ${glibc}: use a newer distribution, or build it on this one (${PAGE})`,
  ],
  [/libc\.musl|Error relocating|library ld-linux/, () => `it is for another C library, and this is ${platform}: ${AGAIN} on this platform`],
  [/failed to map segment/, () => 'its file system forbids running programs (noexec): install kassa on another one'],
  [/(?:^|: |library )(\S+): (?:cannot open|No such file)/, ([, name]) => `it needs ${name}, which is not here: install what has it`],
]

exports.ofLoading = (file, message) => {
  for (const [pattern, told] of SAID) {
    const match = pattern.exec(message)
    if (match) return `${file}: ${told(match)}`
  }
  return `${file}: ${message.split('\n')[0]}: ${AGAIN}`
}
