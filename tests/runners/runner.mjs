// Carries out what the judge writes to stdin, one command a line, through the npm package.
//
// `open CONFIG`, `call OPERATION REQUEST` and `close` are each answered with one line of JSON.
// With KASSA_RUNNER_SYNC=1 the calls go through the Sync methods.

import { inspect } from 'node:util'
import * as kassa from '../../node/index.mjs'

const suffix = process.env.KASSA_RUNNER_SYNC === '1' ? 'Sync' : ''
const classes = Object.fromEntries(
  Object.values(kassa)
    .filter((of) => of.vendor)
    .map((of) => [of.vendor, of]),
)
let till

const shows = process.env.KASSA_RUNNER_SHOW === '1'
const show = (kind, text) => shows && console.error(JSON.stringify({ [kind]: text }))
const dump = (value) => inspect(value, { showHidden: true, depth: null })
const log = (level) => (message) => show('log', `${level} ${message}`)
const logger = Object.fromEntries(['error', 'warn', 'info', 'debug'].map((level) => [level, log(level)]))

function call(operation, request) {
  const method = operation.replace(/_(.)/g, (_, letter) => letter.toUpperCase()) + suffix
  if (operation.startsWith('test_') || !till[method]) {
    return till[`call${suffix}`](operation, request)
  }
  return till[method](request)
}

async function answer(line) {
  const [, command, rest = ''] = /^(\w+) ?(.*)$/s.exec(line)
  if (command === 'open') {
    const config = JSON.parse(rest)
    till = new (classes[config.vendor] ?? kassa.Client)(config, { logger })
    return { opened: true }
  }
  if (command === 'call') {
    const [, operation, request] = /^(\S+) ?(.*)$/s.exec(rest)
    return await call(operation, JSON.parse(request || '{}'))
  }
  till?.close()
  return {}
}

// readline would also break lines at U+2028, which JSON may have inside.
async function* lines() {
  let rest = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop()
    yield* parts
  }
}

for await (const line of lines()) {
  if (line === 'exit') break
  try {
    console.log(JSON.stringify({ ok: await answer(line) }))
  } catch (error) {
    if (!(error instanceof kassa.KassaError)) throw error
    show('trace', `${error.stack} ${dump(error)}`)
    console.log(JSON.stringify({ error }))
  }
  show('dump', dump(till))
}
