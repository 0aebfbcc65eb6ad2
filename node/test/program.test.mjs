// `npx kassa`: the program of the platform's package.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { PLATFORM, manifest, shop } from './installed.mjs'

// Says what it was called with, then does what it was told.
const PROGRAM = `#!${process.execPath}
const [what, more] = process.argv.slice(2)
if (what === 'exit') process.exit(Number(more))
if (what === 'kill') process.kill(process.pid, more)
if (what === 'wait') {
  process.on('SIGTERM', () => process.exit(7))
  if (more === 'deaf') process.on('SIGINT', () => {})
  process.stdin.resume()
}
process.stdout.write(JSON.stringify(process.argv.slice(2)) + '\\n')
if (what === 'cat') process.stdin.pipe(process.stdout)
`
let place
before(() => {
  place = shop()
  place.platform(PLATFORM, { 'bin/kassa': PROGRAM })
})
after(() => place.remove())

const command = (name = 'kassa', shop = place) => path.join(shop.modules, 'kassa', manifest.bin[name])

function run(words, { name, shop, ...options } = {}) {
  const env = { ...process.env, KASSA_PROGRAM: '', ...options.env }
  return spawnSync(process.execPath, [command(name, shop), ...words], { encoding: 'utf8', ...options, env })
}

test('words, input and output are passed on', () => {
  const { status, stdout, stderr } = run(['cat', 'a b', '--json', 'Ж'], { input: 'from outside' })
  assert.deepEqual([status, stdout, stderr], [0, '["cat","a b","--json","Ж"]\nfrom outside', ''])
})

test('the exit code is the one of the program', () => {
  for (const code of [0, 1, 2, 42]) assert.equal(run(['exit', code]).status, code)
})

test('a program that a signal ends', () => {
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP', 'SIGQUIT']) assert.equal(run(['kill', signal]).signal, signal)
})

for (const [signal, expected] of [['SIGTERM', [7, null]], ['SIGINT', [null, 'SIGINT']], ['SIGHUP', [null, 'SIGHUP']]]) {
  test(`${signal} goes to the program, which decides`, async () => {
    const child = spawn(process.execPath, [command(), 'wait'], { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    child.kill(signal)
    assert.deepEqual(await once(child, 'exit'), expected)
  })
}

test('KASSA_PROGRAM names another program', () => {
  const other = path.join(place.folder, 'other')
  writeFileSync(other, `#!/bin/sh\necho "other $*"\n`, { mode: 0o755 })
  assert.equal(run(['list', '--json'], { env: { KASSA_PROGRAM: other } }).stdout, 'other list --json\n')
})

test('kassa-emulator is `kassa emulator`', () => {
  assert.equal(run(['--port', '5'], { name: 'kassa-emulator' }).stdout, '["emulator","--port","5"]\n')
})

test('npx finds both', () => {
  const bin = path.join(place.modules, '.bin')
  mkdirSync(bin)
  for (const [name, file] of Object.entries(manifest.bin)) symlinkSync(path.join('../kassa', file), path.join(bin, name))
  for (const [name, expected] of [['kassa', '["doctor"]\n'], ['kassa-emulator', '["emulator","doctor"]\n']]) {
    const { stdout, stderr } = spawnSync('npx', ['--offline', '--no', name, 'doctor'], { cwd: place.folder, encoding: 'utf8' })
    assert.equal(stdout, expected, stderr)
  }
})

test('what is missing is said, with 1', () => {
  const empty = shop()
  const { status, stdout, stderr } = run(['list'], { shop: empty })
  assert.deepEqual([status, stdout], [1, ''])
  assert.match(stderr, /^kassa: there is no program to run: the package kassa-\S+ is not installed: .*npm install kassa --include=optional`\n$/)
  empty.platform(PLATFORM)
  for (const [env, expected] of [
    [{}, new RegExp(`bin/kassa cannot be run \\(ENOENT\\): install kassa-${PLATFORM} again`)],
    [{ KASSA_PROGRAM: '/nowhere/kassa' }, /\/nowhere\/kassa cannot be run \(ENOENT\): .*correct KASSA_PROGRAM/],
    [{ KASSA_PROGRAM: '/etc/passwd' }, /\/etc\/passwd cannot be run \(EACCES\)/],
  ]) {
    const { status, stderr } = run(['list'], { shop: empty, env })
    assert.equal(status, 1)
    assert.match(stderr, expected)
  }
  empty.remove()
})
