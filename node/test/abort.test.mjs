// A signal ends the wait and not the sale.

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { after, before, test } from 'node:test'
import { InvalidError, Modulkassa } from 'kassa'
import { open, receipt } from './common.mjs'
import { recorded, start, until } from './emulator.mjs'

let emulator, till, lines
const logger = Object.fromEntries(['error', 'warn', 'info', 'debug'].map((level) => [level, (line) => lines.push(line)]))

before(async () => {
  emulator = await start()
  till = new Modulkassa({ ...emulator.config(), journal: 'memory:', log: 'debug' }, { logger })
})

after(() => {
  till.close()
  emulator.stop()
})

const submits = async (id) => JSON.stringify(await emulator.ask('requests')).includes(id)

// Begins a sale whose answer takes its time, and aborts once the vendor has it.
async function aborted(id, reason) {
  lines = []
  await emulator.ask('faults', { vendor: 'modulkassa', route: 'submit', do: 'delay', delay_ms: 300, match: id })
  const control = new AbortController()
  const sale = till.register(receipt(id), { signal: control.signal })
  await until(() => submits(id))
  control.abort(reason)
  return sale.then(() => assert.fail('it was not aborted'), (error) => error)
}

test('the sale goes on: it is on record, once, and `status` tells it', async () => {
  const error = await aborted('abort-1')
  assert.equal(error.name, 'AbortError')
  assert.equal((await till.wait({ id: 'abort-1' })).state, 'registered')
  assert.equal((await till.status({ id: 'abort-1' })).state, 'registered')
  assert.equal((await till.register(receipt('abort-1'))).state, 'registered')
  assert.deepEqual(await recorded(emulator, 'abort-1'), ['abort-1'])
})

test('the reason is the one that was given, and the log of the call is not lost', async () => {
  const reason = new Error('the buyer left')
  assert.equal(await aborted('abort-2', reason), reason)
  await till.wait({ id: 'abort-2' })
  await until(() => lines.some((line) => line.includes('abort-2')))
})

test('a time limit', async () => {
  await emulator.ask('faults', { vendor: 'modulkassa', route: 'submit', do: 'delay', delay_ms: 300, match: 'abort-3' })
  const signal = AbortSignal.timeout(50)
  await assert.rejects(till.register(receipt('abort-3'), { signal }), { name: 'TimeoutError' })
  assert.equal((await till.wait({ id: 'abort-3' })).state, 'registered')
  assert.deepEqual(await recorded(emulator, 'abort-3'), ['abort-3'])
})

test('with a signal that is aborted already nothing is written down and nothing is sent', async () => {
  await assert.rejects(till.register(receipt('abort-4'), { signal: AbortSignal.abort() }), { name: 'AbortError' })
  await assert.rejects(till.status({ id: 'abort-4' }), InvalidError)
  assert.equal(await submits('abort-4'), false)
})

test('a signal that is aborted afterwards changes nothing', async () => {
  const control = new AbortController()
  const { total } = await till.validate(receipt(), { signal: control.signal })
  control.abort()
  assert.equal(total, '300.00')
})

test('a call that fails after it was aborted leaves no unhandled rejection', async () => {
  const control = new AbortController()
  const unhandled = []
  const note = (error) => unhandled.push(error)
  process.on('unhandledRejection', note)
  const call = till.register({ id: 'abort-5' }, { signal: control.signal })
  control.abort()
  await assert.rejects(call, { name: 'AbortError' })
  await till.validate(receipt())
  await new Promise(setImmediate)
  process.off('unhandledRejection', note)
  assert.deepEqual(unhandled, [])
})

test('10,000 calls leave no listener on their signal, and warn of none', async () => {
  const client = open()
  const { signal } = new AbortController()
  const warnings = []
  const note = (warning) => warnings.push(warning)
  process.on('warning', note)
  for (let round = 0; round < 10; round++) {
    const calls = Array.from({ length: 1000 }, (_, index) =>
      index % 2 ? client.capabilities({}, { signal }) : client.register({}, { signal }).catch(() => {}),
    )
    assert.equal(getEventListeners(signal, 'abort').length, 1)
    await Promise.all(calls)
  }
  await new Promise(setImmediate)
  process.off('warning', note)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  assert.deepEqual(warnings, [])
})

test('what is no option is refused, and nothing is sent', async () => {
  const { signal } = new AbortController()
  for (const options of [{ timeout: 5 }, { signal, retries: 1 }, signal, () => {}, 'x', 5, true, { signal: 'x' }, { signal: {} }]) {
    await assert.rejects(till.register(receipt('abort-6'), options), TypeError)
  }
  for (const options of [{ signal }, {}]) {
    assert.throws(() => till.registerSync(receipt('abort-6'), options), /no options/)
  }
  await assert.rejects(till.register(receipt('abort-6'), signal), /\{ signal \}, not `AbortSignal`/)
  await assert.rejects(till.status({ id: 'abort-6' }), InvalidError)
  // What means nothing is no mistake.
  for (const options of [undefined, null, {}, { signal: undefined }, { signal: null }]) {
    assert.equal((await till.validate(receipt(), options)).total, '300.00')
  }
  // In the request it is a field that does not exist.
  const error = await till.validate({ ...receipt(), signal }).catch((error) => error)
  assert.deepEqual(error.violations.map(({ path }) => path), ['/signal'])
})
