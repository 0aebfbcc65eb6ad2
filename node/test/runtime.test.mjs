// The event loop, worker threads, memory, the end of the process.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import * as kassa from 'kassa'
import { config, open, receipt } from './common.mjs'

const folder = new URL('.', import.meta.url)

function run(program, type) {
  return spawnSync(process.execPath, [`--input-type=${type}`, '--eval', program], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 20_000,
  })
}

async function ticks(work) {
  let count = 0
  const timer = setInterval(() => count++, 1)
  await work()
  clearInterval(timer)
  return count
}

test('the event loop goes on during a call, and stands still during a sync one', async () => {
  const till = open()
  assert.ok((await ticks(() => till.call('test_sleep', { ms: 500 }))) > 100)
  assert.equal(await ticks(() => till.callSync('test_sleep', { ms: 500 })), 0)
})

test('calls overlap', async () => {
  const till = open()
  const started = performance.now()
  await Promise.all(Array.from({ length: 64 }, () => till.call('test_sleep', { ms: 500 })))
  assert.ok(performance.now() - started < 950)
})

test('require gives the same classes as import', () => {
  const required = createRequire(import.meta.url)('kassa')
  assert.deepEqual(Object.keys(required).sort(), Object.keys(kassa).sort())
  assert.equal(required.Modulkassa, kassa.Modulkassa)
  // The error of a client of the one is an error of the other.
  assert.throws(() => open().registerSync({}), required.InvalidError)
  assert.throws(() => new required.Modulkassa(config()).registerSync({}), kassa.InvalidError)
  const body = { kind: 'in_doubt', code: 'in_doubt', message: 'x' }
  assert.ok(required.KassaError.from(body) instanceof kassa.InDoubtError)
  assert.ok(kassa.KassaError.from(body) instanceof required.InDoubtError)
})

const WORK = `
const { workerData, parentPort } = require('node:worker_threads')
const { Modulkassa } = require('kassa')
const till = new Modulkassa(workerData)
till.call('test_echo', { text: 'из потока' }).then(({ text }) => parentPort.postMessage(text))
`

test('worker threads', async () => {
  const workers = Array.from(
    { length: 3 },
    () => new Worker(WORK, { eval: true, workerData: config() }),
  )
  const said = await Promise.all(workers.map((worker) => once(worker, 'message')))
  assert.deepEqual(said, [['из потока'], ['из потока'], ['из потока']])
})

test('a worker that ends in the middle of a call harms nobody', async () => {
  const program = `
    const { workerData, parentPort } = require('node:worker_threads')
    const till = new (require('kassa').Modulkassa)(workerData)
    till.call('test_sleep', { ms: 200 })
    parentPort.postMessage('called')`
  const worker = new Worker(program, { eval: true, workerData: config() })
  await once(worker, 'message')
  await worker.terminate()
  await open().call('test_sleep', { ms: 400 })
})

test('memory does not grow', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  const till = open()
  const sale = receipt()
  const loop = async (calls) => {
    for (let call = 0; call < calls / 4; call++) {
      await till.validate(sale)
      await till.register({}).catch(() => {})
      till.validateSync(sale)
      assert.throws(() => till.registerSync({}), kassa.InvalidError)
    }
    collect()
  }
  await loop(8000)
  const before = process.memoryUsage.rss()
  await loop(20_000)
  const grown = process.memoryUsage.rss() - before
  assert.ok(grown < 8 << 20, `${grown} bytes more`)
})

test('a client that nobody closed is let go with its last reference', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  const native = createRequire(import.meta.url)('../native.js')
  const before = JSON.parse(native.open(JSON.stringify({ ...config(), vendor: 'modulkassa' }))).ok.client
  open()
  const kind = () => JSON.parse(native.callSync(before + 1, 'metrics', '{}')).error?.kind
  assert.equal(kind(), undefined)
  for (const end = Date.now() + 10_000; kind() !== 'closed' && Date.now() < end; ) {
    collect()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.equal(kind(), 'closed')
  native.close(before)
})

const OPEN = `import { config, open } from './common.mjs'\nconst till = open()\n`

test('an open client does not keep the process', () => {
  const ended = run(`${OPEN}console.log((await till.call('test_echo', { text: 'bye' })).text)`, 'module')
  assert.deepEqual([ended.status, ended.stdout, ended.stderr], [0, 'bye\n', ''])
})

test('a call under way keeps the process, as every Promise does; process.exit does not wait', () => {
  const waited = run(`${OPEN}till.call('test_sleep', { ms: 300 }).then(() => console.log('done'))`, 'module')
  assert.deepEqual([waited.status, waited.stdout, waited.stderr], [0, 'done\n', ''])
  for (let round = 0; round < 5; round++) {
    const ended = run(
      `${OPEN}for (const ms of [0, 1, 5, 60_000]) till.call('test_sleep', { ms })\nsetTimeout(process.exit, 3)`,
      'module',
    )
    assert.deepEqual([ended.status, ended.stderr], [0, ''])
  }
})

test('failed calls leave no unhandled rejection behind', () => {
  const ended = run(
    `${OPEN}process.on('unhandledRejection', () => process.exit(3))
     await till.register({}).catch(() => {})
     await till.call('test_panic').catch(() => {})
     try { till.registerSync({}) } catch {}`,
    'module',
  )
  assert.equal(ended.status, 0)
})
