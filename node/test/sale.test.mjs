// Whole sales at the emulator, which is the judge: its ledger has every receipt once.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Modulkassa } from 'kassa'
import { receipt } from './common.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(path.join(tmpdir(), 'kassa-'))
let emulator, ready, config

before(async () => {
  const build = process.env.KASSA_BUILD ?? path.join(root, 'target/debug')
  emulator = spawn(path.join(build, 'kassa-emulator'), { stdio: ['pipe', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: emulator.stdout })) {
    ready = JSON.parse(line)
    break
  }
  config = { ...ready.vendors.modulkassa.config, journal: `sqlite:${folder}/journal.sqlite` }
})

after(() => {
  emulator.stdin.end()
  rmSync(folder, { recursive: true })
})

function example(...files) {
  return new Promise((resolve) => {
    execFile(process.execPath, ['sale.mjs', ...files], { cwd: folder }, (error, stdout) =>
      resolve([error?.code ?? 0, JSON.parse(stdout)]),
    )
  })
}

test('the example', async () => {
  cpSync(path.join(root, 'examples/sale.mjs'), path.join(folder, 'sale.mjs'))
  mkdirSync(path.join(folder, 'node_modules'))
  symlinkSync(path.join(root, 'node'), path.join(folder, 'node_modules/kassa'))
  for (const [name, content] of Object.entries({
    config,
    receipt: receipt('example-js'),
    wrong: { id: 'example-js' },
  })) {
    writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(content))
  }
  const [code, registration] = await example('config.json', 'receipt.json')
  assert.deepEqual([code, registration.state], [0, 'registered'])
  const [failed, error] = await example('config.json', 'wrong.json')
  assert.deepEqual([failed, error.kind], [1, 'invalid'])
})

test('many sales at once are on record, each of them once', async () => {
  const till = new Modulkassa(config)
  const ids = Array.from({ length: 32 }, (_, number) => `many-${number}`)
  const states = await Promise.all(
    ids.map(async (id) => {
      await till.register(receipt(id))
      return (await till.wait({ id })).state
    }),
  )
  assert.deepEqual(new Set(states), new Set(['registered']))
  const ledger = await (await fetch(`${ready.url}/_emulator/ledger`)).json()
  const numbers = ledger.map(({ number }) => number).filter((number) => number.startsWith('many-'))
  assert.deepEqual(numbers.sort(), ids.sort())
  till.close()
})

test('a sale is known to be registered although its log cannot be written', async () => {
  const fail = () => { throw new Error('the disk is full') }
  const logger = { error: fail, warn: fail, info: fail, debug: fail }
  const till = new Modulkassa({ ...config, log: 'debug' }, { logger })
  await till.register(receipt('unlogged'))
  assert.equal((await till.wait({ id: 'unlogged' })).state, 'registered')
  assert.equal(till.registerSync(receipt('unlogged')).state, 'registered')
  till.close()
})

test('the page shows the example', () => {
  const page = readFileSync(path.join(root, 'docs/node.md'), 'utf8')
  assert.ok(page.includes('```js\n' + readFileSync(path.join(root, 'examples/sale.mjs'), 'utf8') + '```'))
})
