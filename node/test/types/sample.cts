// Never run: the same package by `require`.

import kassa = require('kassa')

const till: kassa.Client = new kassa.Modulkassa({ environment: 'demo' })
till.close()
