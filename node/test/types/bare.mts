// Never run: a project that has neither the DOM's types nor Node's.

import { Modulkassa } from 'kassa'

const till = new Modulkassa({ environment: 'demo' })
const { state } = await till.register({ id: '1', kind: 'sell', items: [], payments: [] })
for await (const entry of till.journalPages()) entry.registration.state === state
till.close()
