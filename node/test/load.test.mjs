// A library that cannot be loaded: what is missing, and what to do, in one line.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { after, test } from 'node:test'
import { LIBRARY, PLATFORM, manifest, shop } from './installed.mjs'

const library = readFileSync(LIBRARY)
const shops = []
after(() => shops.forEach((shop) => shop.remove()))

function opened() {
  const made = shop()
  shops.push(made)
  return made
}

// What `require('kassa')` says in a shop; `first` is run before it.
function said(shop, { first = '', library = '' } = {}) {
  const program = `${first}\ntry { console.log(require('kassa').version) } catch (error) { console.log(error.message) }`
  const { stdout, stderr, signal } = spawnSync(process.execPath, ['--input-type=commonjs', '--eval', program], {
    cwd: shop.folder,
    encoding: 'utf8',
    env: { ...process.env, KASSA_NODE_LIBRARY: library },
  })
  assert.deepEqual([stderr, signal], ['', null])
  const lines = stdout.trimEnd().split('\n')
  assert.equal(lines.length, 1, stdout)
  return lines[0]
}

// The library with a text of it replaced by one of the same length.
function changed(from, to) {
  assert.equal(from.length, to.length)
  const text = library.toString('latin1')
  assert.ok(text.includes(from), from)
  return Buffer.from(text.replaceAll(from, to), 'latin1')
}

test('the package of the platform is found', () => {
  const shop = opened()
  shop.platform(PLATFORM, { [`kassa.${PLATFORM}.node`]: library })
  assert.equal(said(shop), manifest.version)
})

test('a platform that there is no package for', () => {
  const text = said(opened(), { first: "Object.defineProperty(process, 'arch', { value: 'vax' })" })
  assert.match(text, /no package kassa-linux-vax-gnu, only for linux-x64-gnu, .*win32-x64: build the library .* KASSA_NODE_LIBRARY/)
})

test('another C library, which is looked for by its own name', () => {
  const musl = "process.report.getReport = () => ({ header: {} })"
  const text = said(opened(), { first: musl })
  assert.match(text, new RegExp(`kassa-linux-${process.arch}-musl is not installed`))
  const shop = opened()
  shop.platform(PLATFORM, { [`kassa.${PLATFORM}.node`]: library })
  assert.match(said(shop, { first: musl }), new RegExp(`installed for ${PLATFORM}, and this is linux-${process.arch}-musl: delete it and run`))
})

test('optional packages were left out', () => {
  assert.match(said(opened()), new RegExp(`kassa-${PLATFORM} is not installed: .*--omit=optional.*npm install kassa --include=optional`))
})

test('node_modules of another platform', () => {
  const shop = opened()
  shop.platform('darwin-arm64')
  assert.match(said(shop), new RegExp(`installed for darwin-arm64, and this is ${PLATFORM}: delete it and run \`npm ci\``))
})

test('a package without its library', () => {
  const shop = opened()
  shop.platform(PLATFORM)
  assert.match(said(shop), new RegExp(`kassa-${PLATFORM} is there without it: install kassa again`))
})

test('a file that KASSA_NODE_LIBRARY names and that is not there, or no file', () => {
  assert.match(said(opened(), { library: '/nowhere/kassa.node' }), /\/nowhere\/kassa\.node cannot be read \(ENOENT\): .*correct KASSA_NODE_LIBRARY/)
  assert.match(said(opened(), { library: '/' }), /cannot be read \(EISDIR\)/)
})

const MACHINE = 18
const other = Buffer.from(library)
other.writeUInt16LE(process.arch === 'x64' ? 183 : 62, MACHINE)
// Of the newest glibc that it needs.
const newest = [...library.toString('latin1').matchAll(/GLIBC_2\.\d\d/g)].map(([name]) => name).sort().at(-1)

for (const [what, content, expected] of [
  ['an empty file', '', /\.node is empty: install kassa again/],
  ['no library', '<html>Not found</html>', /\.node is no library, or a damaged one: install/],
  ['a few bytes of a library', library.subarray(0, 30), /\.node is cut short \(30 bytes of 64\): install/],
  ['half of a library', library.subarray(0, library.length / 2), new RegExp(`\\.node is cut short \\(${Math.floor(library.length / 2)} bytes of ${library.length}\\): install`)],
  ['all but the last byte', library.subarray(0, -1), /\.node is cut short/],
  ['a library for another processor', other, new RegExp(`\\.node is for ${process.arch === 'x64' ? 'arm64' : 'x64'}, and this Node\\.js is ${process.arch}: `)],
  ['a library of macOS', Buffer.from('cffaedfe0c000001', 'hex'), new RegExp(`\\.node is for darwin, and this is ${PLATFORM}: `)],
  ['a library of Windows', Buffer.from('MZ\x90\0', 'latin1'), new RegExp(`\\.node is for win32, and this is ${PLATFORM}: `)],
  ['a newer glibc than there is', changed(newest, 'GLIBC_9.9' + newest.at(-1)), /it needs glibc 9\.9\d, and here is 2\.\d+: use a newer distribution, or build it/],
  ['a library for musl', changed('libc.so.6', 'libc.musl'), new RegExp(`it is for another C library, and this is ${PLATFORM}: `)],
  ['a library that needs another', changed('libgcc_s.so.1', 'libgcc_x.so.1'), /it needs libgcc_x\.so\.1, which is not here: install/],
]) {
  test(what, () => {
    const shop = opened()
    shop.platform(PLATFORM, { [`kassa.${PLATFORM}.node`]: content })
    assert.match(said(shop), expected)
  })
}

test('what other loaders say', () => {
  const { ofLoading } = createRequire(import.meta.url)('../faults.js')
  for (const [message, expected] of [
    ['Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by /x.node)', /another C library/],
    ['Error relocating /x.node: gnu_get_libc_version: symbol not found', /another C library/],
    ['/x.node: failed to map segment from shared object', /noexec/],
    ['Error loading shared library libgcc_s.so.1: No such file or directory (needed by /x.node)', /it needs libgcc_s\.so\.1,/],
    ['something new\nand more', /^\/x\.node: something new: install kassa again/],
  ]) {
    assert.match(ofLoading('/x.node', message), expected)
  }
})

test('a library of another version', () => {
  const shop = opened()
  shop.platform(PLATFORM, { [`kassa.${PLATFORM}.node`]: library })
  writeFileSync(path.join(shop.modules, 'kassa/version.js'), "exports.version = '9.9.9'")
  assert.match(said(shop), /kassa 9\.9\.9 found the native library of version .*; install the package again/)
})

test('every platform has what npm asks for', () => {
  const platforms = createRequire(import.meta.url)('../npm/platforms.json')
  for (const { name, os, cpu, libc } of platforms) {
    const ending = { glibc: '-gnu', musl: '-musl' }[libc] ?? ''
    assert.equal(name, `${os}-${cpu}${ending}`)
    assert.equal(libc !== undefined, os === 'linux')
  }
  assert.ok(platforms.some(({ name }) => name === PLATFORM))
})
