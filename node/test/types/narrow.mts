// Never run: what the types know once a state, a kind or a code is known.

import {
  AuthError,
  BusyError,
  InDoubtError,
  KassaError,
  Modulkassa,
  Atol,
  type ErrorCode,
  type ErrorKind,
  type Failure,
  type Fiscal,
  type JournalEntry,
  type Kkt,
  type Receipt,
  type Registration,
  type State,
} from 'kassa'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

export function byState(sale: Registration): Fiscal | Failure | State {
  if (sale.state === 'registered') {
    const none: null | undefined = sale.failure
    return none ?? sale.fiscal
  }
  if (sale.state === 'failed') {
    const none: null | undefined = sale.fiscal
    return none ?? sale.failure
  }
  // @ts-expect-error: not on record, as far as is known
  sale.fiscal.qr
  return sale.state
}

// @ts-expect-error: it may have failed
export const unchecked = (sale: Registration): Fiscal => sale.fiscal

export async function apart(till: Modulkassa): Promise<string | null | undefined> {
  const { state, fiscal, failure } = await till.wait({ id: '1' })
  switch (state) {
    case 'registered':
      return fiscal.document_number
    case 'failed':
      return failure.code
    case 'queued':
    case 'sending':
    case 'in_doubt':
    case 'accepted':
      return undefined
    default: {
      const none: never = state
      return none
    }
  }
}

export function byKind(error: KassaError): string {
  const code: ErrorCode = error.code
  const kind: ErrorKind = error.kind
  if (error instanceof InDoubtError) {
    const same: Same<typeof error.code, 'in_doubt' | 'entry_damaged'> = true
    const of: 'in_doubt' = error.kind
    return `${same} ${of}`
  }
  // What is not the one may still be the other.
  if (error instanceof BusyError || error instanceof AuthError) return error.kind
  // @ts-expect-error: no such code
  if (error.code === 'in_dowt') return ''
  return `${code} ${kind}`
}

export async function given(till: Modulkassa, atol: Atol): Promise<void> {
  const receipt: Receipt = {
    id: 'order-1',
    kind: 'sell',
    issued_at: new Date(),
    items: [{ name: 'Mug', price: 150n, quantity: 2n, vat: '22' }],
    payments: [{ type: 'card', sum: 300 }],
  }
  await till.register(receipt, { signal: AbortSignal.timeout(1000) })
  await till.wait({ id: 'order-1', timeout_ms: 60_000n }, {})
  await till.health({}, { signal: null })
  const { entries } = await till.journal({ since: new Date(), until: '2026-01-01T00:00:00Z', limit: 5n })
  // What comes out is JSON.
  const total: string | null | undefined = entries[0]?.total
  const created: string = entries[0]?.created_at ?? ''
  for await (const entry of till.journalPages({ since: new Date() }, { signal: new AbortController().signal })) {
    const same: Same<typeof entry, JournalEntry> = true
    console.log(entry.registration.receipt_id, same, total, created)
  }
  for await (const { entry, steps } of till.exportPages()) console.log(entry.kind, steps.length)
  for await (const kkt of atol.kktsPages({ limit: 10 })) {
    const same: Same<typeof kkt, Kkt> = true
    console.log(kkt.serial_number, same)
  }
}

export function mistakes(till: Modulkassa, receipt: Receipt): void {
  // @ts-expect-error: no such option
  till.register(receipt, { timeout: 5 })
  // @ts-expect-error: nothing can abort it
  till.registerSync(receipt, { signal: AbortSignal.abort() })
  // @ts-expect-error: a day is no moment
  till.reconcile({ since: new Date() })
  // @ts-expect-error: texts are texts
  till.status({ id: new Date() })
  // @ts-expect-error: only ATOL has these
  till.kktsPages()
}
