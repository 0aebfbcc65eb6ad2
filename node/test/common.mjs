// What the tests share. They need a native library that was built with the feature `testing`.

import { Modulkassa } from 'kassa'

export const PASSWORD = 'pa55-never-shown'

// A configuration with nobody at the other end.
export function config(options = {}) {
  return {
    base_url: 'http://127.0.0.1:9',
    retail_point_id: 'point-1',
    credentials: { user_name: 'shop', password: PASSWORD },
    journal: 'memory:',
    ...options,
  }
}

export function open(options, more) {
  return new Modulkassa(config(options), more)
}

// A receipt without mistakes.
export function receipt(id = 'order-1') {
  return {
    id,
    kind: 'sell',
    items: [{ name: 'Кружка', price: '150.00', quantity: '2', vat: '22' }],
    payments: [{ type: 'card', sum: '300.00' }],
    customer: { email: 'buyer@shop.example' },
  }
}
