import { KassaError, Modulkassa } from 'kassa'

const till = new Modulkassa({
  environment: 'demo',
  credentials: { user_name: '...', password: '...' },
})
try {
  await till.register({
    id: 'order-1001', kind: 'sell',
    items: [{ name: 'Mug', price: '150.00', quantity: '2', discount: '10.00', vat: '22' }],
    payments: [{ type: 'card', sum: '290.00' }],
    customer: { email: 'buyer@shop.example' },
  })
  const sale = await till.wait({ id: 'order-1001' })
  if (sale.state === 'registered') console.log('on record:', sale.fiscal.document_number)
  else if (sale.state === 'failed') console.log('not on record:', sale.failure.message)
  else console.log('not final yet:', sale.state)
} catch (error) {
  if (!(error instanceof KassaError)) throw error
  console.log(error.message, error.outcome, error.advice)
}
