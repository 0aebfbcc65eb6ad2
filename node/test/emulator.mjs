// The emulator: the vendors on loopback, and the judge of what came on record.

import { spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const PROGRAM = path.join(process.env.KASSA_BUILD ?? path.join(root, 'target/debug'), 'kassa-emulator')

// Starts it; it ends with `stop`, and with this process.
export async function start() {
  const child = spawn(PROGRAM, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const [line] = await new Promise((resolve) => lines.once('line', (line) => resolve([line])))
  const { url, vendors } = JSON.parse(line)
  const ask = async (what, body, method = body ? 'POST' : 'GET') => {
    const answer = await fetch(`${url}/_emulator/${what}`, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    if (!answer.ok) throw new Error(await answer.text())
    return answer.json()
  }
  return { ask, config: (vendor = 'modulkassa') => vendors[vendor].config, stop: () => child.stdin.end() }
}

// Numbers of the documents on record that begin with this.
export async function recorded(emulator, prefix) {
  const ledger = await emulator.ask('ledger')
  return ledger.map(({ number }) => number).filter((number) => number.startsWith(prefix)).sort()
}

// Asks again until it is so.
export async function until(what) {
  for (const end = Date.now() + 20_000; !(await what()); ) {
    if (Date.now() > end) throw new Error(`never: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
