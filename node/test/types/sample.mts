// Never run: tsc reads it to see that the types help and do not hinder.

import { ERROR_CODES, InDoubtError, KassaError, Modulkassa, type Receipt, type Registration } from 'kassa'

const receipt: Receipt = {
  id: 'order-1',
  kind: 'sell',
  items: [{ name: 'Mug', price: '150.00', quantity: 2, vat: '22' }],
  payments: [{ type: 'card', sum: '300.00' }],
  customer: { email: 'buyer@shop.example', phone: null },
}

export async function sell(): Promise<string | null | undefined> {
  const till = new Modulkassa(
    { environment: 'demo', retail_point_id: '1', credentials: { user_name: 'u', password: 'p' } },
    { logger: { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} } },
  )
  try {
    await till.register(receipt)
    const registration: Registration = till.waitSync({ id: receipt.id, timeout_ms: 60_000 })
    await till.capabilities()
    return registration.fiscal?.qr
  } catch (error) {
    if (error instanceof InDoubtError) return error.outcome === 'unknown' ? error.advice : null
    if (error instanceof KassaError) return ERROR_CODES[error.code].kind
    throw error
  } finally {
    till.close()
  }
}

export function mistakes(till: Modulkassa): void {
  // @ts-expect-error: no such environment
  new Modulkassa({ environment: 'nowhere' })
  // @ts-expect-error: a receipt has more than an id
  till.register({ id: '1' })
  // @ts-expect-error: no such operation
  till.regist(receipt)
  // @ts-expect-error: there is no sale without a receipt
  till.register()
}
