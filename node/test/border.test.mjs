// Texts, errors, panics and secrets at the border: the set that every binding's tests run.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { inspect } from 'node:util'
import * as kassa from 'kassa'
import { PASSWORD, config, open, receipt } from './common.mjs'

// The error of a call, in both forms; they must agree.
async function failure(till, operation, request) {
  const errors = []
  await till.call(operation, request).catch((error) => errors.push(error))
  try {
    till.callSync(operation, request)
  } catch (error) {
    errors.push(error)
  }
  assert.equal(errors.length, 2, `${operation} did not fail`)
  assert.deepEqual(errors[0].toJSON(), errors[1].toJSON())
  return errors[0]
}

for (const text of ['Кружка «Ёж»', '☕🧾👩‍💻', '', '"\\/\n\t\x1f', '\u2028\u2029']) {
  test(`${JSON.stringify(text)} comes back as it went`, async () => {
    const till = open()
    assert.deepEqual(await till.call('test_echo', { text }), { text })
    assert.deepEqual(till.callSync('test_echo', { text }), { text })
  })
}

test('NUL is seen and refused, not cut', async () => {
  const error = await failure(open(), 'test_echo', { text: 'a\0b' })
  assert.ok(error instanceof kassa.InvalidError)
  assert.deepEqual([error.violations[0].path, error.code], ['/text', 'wrong_format'])
})

test('a lone surrogate is refused', async () => {
  const error = await failure(open(), 'test_echo', { text: 'a\ud800b' })
  assert.ok(error instanceof kassa.InvalidError)
  assert.equal(error.violations[0].path, '/text')
})

// Codes that by themselves leave open whether something came on record.
const MAY_BE_ON_RECORD = new Set([
  'answer_not_understood', 'entry_damaged', 'in_doubt', 'internal', 'superseded',
])

test('each code has the class of its kind', async () => {
  const till = open()
  const codes = Object.entries(kassa.ERROR_CODES)
  assert.ok(codes.length > 30)
  for (const [code, { kind, advice }] of codes) {
    const error = await failure(till, 'test_error', { code })
    const name = kind.replace(/(^|_)(.)/g, (_, __, letter) => letter.toUpperCase()) + 'Error'
    assert.ok(error instanceof kassa.KassaError && error instanceof kassa[name], `${code} is no ${name}`)
    assert.equal(error.name, name)
    assert.deepEqual(error.toJSON(), {
      code,
      kind,
      message: `asked for ${code}`,
      advice,
      outcome: MAY_BE_ON_RECORD.has(code) ? 'unknown' : 'not_registered',
      retry_after_ms: null,
      violations: [],
      vendor: null,
    })
  }
})

test('every kind has a class and every class a kind', () => {
  const require = createRequire(import.meta.url)
  const { kinds } = JSON.parse(require('../native.js').describe())
  const wanted = kinds.map((kind) => kind.replace(/(^|_)(.)/g, (_, __, letter) => letter.toUpperCase()) + 'Error')
  assert.deepEqual(Object.keys(require('../errors.js')).sort(), ['KassaError', ...wanted].sort())
})

test('a panic is an error and the client goes on', async () => {
  const till = open()
  const error = await failure(till, 'test_panic')
  assert.ok(error instanceof kassa.InternalError)
  assert.equal(error.outcome, 'unknown')
  assert.deepEqual(await till.call('test_echo', { text: 'on' }), { text: 'on' })
})

test('closed clients say so', async () => {
  const till = open()
  till.close()
  till.close()
  assert.ok((await failure(till, 'health')) instanceof kassa.ClosedError)
  const other = open()
  other[Symbol.dispose]()
  assert.ok((await failure(other, 'health')) instanceof kassa.ClosedError)
})

test('unknown operation, unknown field', async () => {
  const till = open()
  assert.equal((await failure(till, 'regist')).code, 'operation_unknown')
  const error = await failure(till, 'validate', { ...receipt(), colour: 1 })
  assert.deepEqual(error.violations.map(({ path, code }) => [path, code]), [['/colour', 'unknown_field']])
})

test('large requests', async () => {
  const till = open()
  const text = 'Ж'.repeat(1_900_000)
  assert.equal((await till.call('test_echo', { text })).text, text)
  const error = await failure(till, 'test_echo', { text: 'x'.repeat(10 << 20) })
  assert.equal(error.code, 'request_too_large')
})

test('every mistake of a configuration at once', () => {
  assert.throws(
    () => new kassa.Modulkassa({ base_url: 'ftp://x', timeout_ms: 0, colour: PASSWORD }),
    (error) => {
      const paths = error.violations.map(({ path }) => path)
      assert.ok(['/base_url', '/timeout_ms', '/colour'].every((path) => paths.includes(path)), `${paths}`)
      assert.ok(!inspect(error).includes(PASSWORD))
      return error instanceof kassa.ConfigError
    },
  )
})

test('a configuration of another vendor', () => {
  assert.throws(() => new kassa.Modulkassa({ vendor: 'ikkm' }), /ikkm/)
})

test('numbers, BigInt, dates', async () => {
  const till = open()
  const sale = {
    ...receipt(),
    items: [{ name: 'x', price: 100, quantity: 2.5 }],
    payments: [{ type: 'cash', sum: 250n }],
    issued_at: new Date(1_700_000_000_000),
    cashier: undefined,
    company: null,
  }
  assert.equal((await till.validate(sale)).total, '250.00')
  assert.equal((await till.validate({ ...sale, id: 1001n })).total, '250.00')
  assert.deepEqual((await till.journal({ limit: 5n, since: new Date(0), until: new Date() })).entries, [])
  for (const [limit, code] of [[0n, 'out_of_range'], [2n ** 70n, 'wrong_type'], [new Date(), 'wrong_type']]) {
    const { violations } = await failure(till, 'journal', { limit })
    assert.deepEqual(violations.map(({ path, code }) => [path, code]), [['/limit', code]])
  }
  sale.items[0].discount = NaN
  const error = await failure(till, 'register', sale)
  assert.deepEqual(error.violations.map(({ path, code }) => [path, code]), [
    ['/items/0/discount', 'not_a_decimal'],
  ])
})

// JSON would drop the first two and empty the others: a sale of now, with a buyer who is nobody.
test('what JSON would lose is refused by its pointer', async () => {
  const till = open()
  for (const [changes, pointer] of [
    [{ issued_at: new Date('x') }, '/issued_at'],
    [{ customer: () => 'x' }, '/customer/Function'],
    [{ customer: new Map([['email', 'a@b.example']]) }, '/customer/Map'],
    [{ items: new Set([1]) }, '/items'],
  ]) {
    const error = await failure(till, 'validate', { ...receipt('order-1'), ...changes })
    assert.deepEqual(error.violations.map(({ path }) => path), [pointer])
  }
})

test('an error goes to another thread whole by its JSON', async () => {
  const error = await failure(open(), 'register', {})
  const copy = structuredClone(error.toJSON())
  assert.deepEqual([copy.code, copy.outcome], [error.code, 'not_registered'])
  assert.deepEqual(copy.violations, error.violations)
})

test('log lines reach the logger without secrets', async () => {
  const lines = []
  const take = (level) => (message) => lines.push(`${level} ${message}`)
  const logger = Object.fromEntries(['error', 'warn', 'info', 'debug'].map((level) => [level, take(level)]))
  const till = open({ log: 'debug' }, { logger })
  const error = await till.register(receipt()).catch((error) => error)
  assert.ok(error instanceof kassa.KassaError)
  assert.ok(lines.length > 0)
  const shown = [inspect(till, { showHidden: true }), JSON.stringify(till), inspect(error), ...lines].join('\n')
  assert.ok(!shown.includes(PASSWORD) && !shown.includes('buyer@'), shown)
  // Without a logger they are dropped.
  await assert.rejects(open({ log: 'debug' }).register(receipt()), kassa.KassaError)
})

for (const [how, fail] of [
  ['throws', () => { throw new Error('the disk is full') }],
  // A rejection that nobody takes would end the process.
  ['rejects', () => Promise.reject(new Error('the disk is full'))],
]) {
  test(`a logger that ${how} loses neither a result nor an error`, async () => {
    let lines = 0
    const take = () => (lines++, fail())
    const till = open({ log: 'debug' }, { logger: { error: take, warn: take, info: take, debug: take } })
    await till.enqueue({ receipts: [receipt()] })
    assert.equal((await till.deliver({ all: true })).left, 1)
    assert.equal(till.deliverSync({ all: true }).left, 1)
    assert.equal(lines, 4)
    assert.ok((await failure(till, 'register', receipt())) instanceof kassa.UnreachableError)
    assert.equal(lines, 8)
  })
}

test('the version is the one of the package', async () => {
  const { default: manifest } = await import('../package.json', { with: { type: 'json' } })
  assert.equal(kassa.version, manifest.version)
})

test('a method for every operation, in both forms', async () => {
  const till = open()
  const { operations } = await till.capabilities()
  for (const name of operations) {
    const method = name.replace(/_(.)/g, (_, letter) => letter.toUpperCase())
    assert.equal(typeof till[method], 'function', method)
    assert.equal(typeof till[`${method}Sync`], 'function', method)
  }
  assert.deepEqual(till.capabilitiesSync(), await till.capabilities({}))
  assert.deepEqual(config().journal, 'memory:')
})
