// The entries of all pages.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Atol, InvalidError, Modulkassa } from 'kassa'
import { receipt } from './common.mjs'
import { start } from './emulator.mjs'

let emulator, till
const ids = Array.from({ length: 7 }, (_, number) => `page-${number}`)

before(async () => {
  emulator = await start()
  till = new Modulkassa({ ...emulator.config(), journal: 'memory:' })
  await till.enqueue({ receipts: ids.map((id) => receipt(id)) })
})

after(() => {
  till.close()
  emulator.stop()
})

// `Array.fromAsync` is younger than Node 20.
async function all(entries) {
  const list = []
  for await (const entry of entries) list.push(entry)
  return list
}

// Counts the pages that a generator asks for.
function counted(client) {
  const asked = []
  client.call = (operation, request, options) => {
    asked.push(request)
    return Object.getPrototypeOf(client).call.call(client, operation, request, options)
  }
  return asked
}

test('the journal, whatever the size of a page', async () => {
  for (const [limit, pages] of [[1, 7], [2, 4], [3, 3], [1000, 1], [undefined, 1]]) {
    const asked = counted(till)
    const entries = await all(till.journalPages({ limit, state: 'queued' }))
    delete till.call
    assert.deepEqual(entries.map(({ registration }) => registration.receipt_id), ids)
    assert.ok(asked.length === pages || asked.length === pages + 1, `${asked.length} pages of ${limit}`)
    assert.ok(asked.every(({ state }) => state === 'queued'))
  }
})

test('from an entry on, and all of it without a query', async () => {
  const entries = await all(till.journalPages({ after: 'page-4', limit: 1 }))
  assert.deepEqual(entries.map(({ registration }) => registration.receipt_id), ['page-5', 'page-6'])
  assert.equal((await all(till.journalPages())).length, ids.length)
  assert.deepEqual(await all(till.journalPages({ state: 'failed' })), [])
})

test('the export has every entry with its steps', async () => {
  const entries = await all(till.exportPages({ limit: 2 }))
  assert.deepEqual(entries.map(({ entry }) => entry.registration.receipt_id), ids)
  assert.ok(entries.every(({ steps }) => steps.length > 0))
})

test('whoever stops early asks for no page more; mistakes and signals end it', async () => {
  const asked = counted(till)
  for await (const { registration } of till.journalPages({ limit: 2 })) {
    if (registration.receipt_id === 'page-2') break
  }
  delete till.call
  assert.equal(asked.length, 2)
  await assert.rejects(all(till.journalPages({ limit: 0 })), InvalidError)
  const control = new AbortController()
  const read = async () => {
    for await (const { registration } of till.journalPages({ limit: 1 }, { signal: control.signal })) {
      if (registration.receipt_id === 'page-1') control.abort()
    }
  }
  await assert.rejects(read(), { name: 'AbortError' })
})

test('cash registers, which are counted and not marked', async () => {
  const account = { login: 'pages', password: 'pages-pass' }
  const group = { code: 'pages_1', protocol: 'v5', tax_id: '7700000016', tax_system: 'osn', kkts: 5 }
  group.payment_address = 'https://pages.example'
  group.email = 'pages@shop.example'
  const { config } = await emulator.ask('seed', { vendor: 'atol', account, group })
  const atol = new Atol({ ...config, journal: 'memory:' })
  const { kkts } = await atol.kkts()
  assert.equal(kkts.length, 5)
  const numbers = (list) => list.map(({ serial_number }) => serial_number)
  for (const limit of [1, 2, 5, 9, undefined]) {
    assert.deepEqual(numbers(await all(atol.kktsPages({ limit }))), numbers(kkts))
  }
  assert.deepEqual(numbers(await all(atol.kktsPages({ limit: 2, offset: 3n }))), numbers(kkts.slice(3)))
  // A vendor that does not heed `offset` tells the same again: the end, and no endless loop.
  atol.call = async () => ({ kkts })
  assert.deepEqual(await all(atol.kktsPages({})), kkts)
  atol.close()
})
