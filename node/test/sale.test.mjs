// Whole sales at the emulator, which is the judge: its ledger has every receipt once.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { Modulkassa, RefusedError } from 'kassa'
import { receipt } from './common.mjs'
import { recorded, root, start } from './emulator.mjs'

const folder = mkdtempSync(path.join(tmpdir(), 'kassa-'))
mkdirSync(path.join(folder, 'node_modules'))
symlinkSync(path.join(root, 'node'), path.join(folder, 'node_modules/kassa'))
let emulator, config

before(async () => {
  emulator = await start()
  config = { ...emulator.config(), journal: `sqlite:${folder}/journal.sqlite` }
})

after(() => {
  emulator.stop()
  rmSync(folder, { recursive: true })
})

function run(program, ...files) {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...files], { cwd: folder }, (error, stdout, stderr) =>
      resolve([error?.code ?? 0, stdout + stderr]),
    )
  })
}

test('the example', async () => {
  cpSync(path.join(root, 'examples/sale.mjs'), path.join(folder, 'sale.mjs'))
  for (const [name, content] of Object.entries({
    config,
    receipt: receipt('example-js'),
    wrong: { id: 'example-js' },
  })) {
    writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(content))
  }
  const [code, registration] = await run('sale.mjs', 'config.json', 'receipt.json')
  assert.deepEqual([code, JSON.parse(registration).state], [0, 'registered'])
  const [failed, error] = await run('sale.mjs', 'config.json', 'wrong.json')
  assert.deepEqual([failed, JSON.parse(error).kind], [1, 'invalid'])
})

// With the emulator's configuration in place of the demo system's, and ids of its own.
test('the sample of README: on record, failed, wrong', async () => {
  const sample = readFileSync(path.join(root, 'examples/readme.mjs'), 'utf8')
  const own = sample.replace(/\{\s*environment: 'demo',[^]*?\n\}/, JSON.stringify(config))
  assert.notEqual(own, sample)
  const sold = async (id, change = (text) => text) => {
    writeFileSync(path.join(folder, 'readme.mjs'), change(own.replaceAll('order-1001', id)))
    return run('readme.mjs')
  }
  assert.match((await sold('readme-1'))[1], /^on record: \d+\n$/)
  await emulator.ask('faults', { vendor: 'modulkassa', route: 'submit', do: 'fail', failure_message: 'no paper', match: 'readme-2' })
  assert.match((await sold('readme-2'))[1], /^not on record: .*no paper.*\n$/)
  assert.match((await sold('readme-3', (text) => text.replace('290.00', '1.00')))[1], /not_registered .*\n$/)
  for (const [status] of [await sold('readme-1'), await sold('readme-3')]) assert.equal(status, 0)
})

// What the types promise of a registration by its state.
test('fiscal data are there when it is on record, and only then; a failure when it failed, and only then', async (t) => {
  t.after(() => emulator.ask('faults', undefined, 'DELETE'))
  const till = new Modulkassa({ ...config, journal: 'memory:', timeout_ms: 1500 })
  const faults = (rule) => emulator.ask('faults', { vendor: 'modulkassa', route: 'submit', ...rule })
  await till.enqueue({ receipts: [receipt('state-queued'), receipt('state-withdrawn')] })
  const registered = await till.register(receipt('state-registered')).then(() => till.wait({ id: 'state-registered' }))
  const accepted = await till.register(receipt('state-accepted'))
  await faults({ do: 'fail', match: 'state-failed' })
  const failed = await till.register(receipt('state-failed')).then(() => till.wait({ id: 'state-failed' }))
  await assert.rejects(till.register(receipt('state-failed')), RefusedError)
  const withdrawn = await till.resolve({ id: 'state-withdrawn', verdict: { on_record: false, by: 'test' } })
  await emulator.ask('faults', [
    { vendor: 'modulkassa', route: 'submit', do: 'drop', when: 'after_record', match: 'state-in_doubt', times: 2 },
    { vendor: 'modulkassa', route: 'status', do: 'drop', times: null },
  ])
  await assert.rejects(till.register(receipt('state-in_doubt')))
  const seen = [registered, accepted, failed, withdrawn]
  await assert.rejects(till.register(receipt('state-in_doubt-found')))
  seen.push(await till.resolve({ id: 'state-in_doubt-found', verdict: { on_record: true, by: 'test' } }))
  for await (const { registration } of till.journalPages()) seen.push(registration)
  for (const { receipt_id, state, fiscal, failure } of seen) {
    assert.deepEqual([fiscal !== null, failure !== null], [state === 'registered', state === 'failed'], `${receipt_id} ${state}`)
  }
  const states = new Set(seen.map(({ state }) => state))
  assert.deepEqual([...states].sort(), ['accepted', 'failed', 'in_doubt', 'queued', 'registered'])
  till.close()
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
  assert.deepEqual(await recorded(emulator, 'many-'), ids.sort())
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

test('the pages show the examples', () => {
  for (const [page, name] of [['docs/node.md', 'sale'], ['node/README.md', 'readme']]) {
    const example = readFileSync(path.join(root, `examples/${name}.mjs`), 'utf8')
    assert.ok(readFileSync(path.join(root, page), 'utf8').includes('```js\n' + example + '```'), page)
  }
})
