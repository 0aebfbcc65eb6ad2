// Puts a receipt on the fiscal record: node sale.mjs CONFIG.json RECEIPT.json

import { readFileSync } from 'node:fs'
import { KassaError, Modulkassa } from 'kassa'

const [config, receipt] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, 'utf8')))

try {
  const till = new Modulkassa(config)
  await till.register(receipt)
  const sale = await till.wait({ id: receipt.id })
  console.log(JSON.stringify(sale))
  process.exitCode = sale.state === 'registered' ? 0 : 1
} catch (error) {
  if (!(error instanceof KassaError)) throw error
  console.log(JSON.stringify(error))
  process.exitCode = 1
}
