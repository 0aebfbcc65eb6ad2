'use strict'

module.exports = {
  ...require('./client.js'),
  ...require('./operations.js'),
  ...require('./errors.js'),
  ...require('./codes.js'),
  ...require('./version.js'),
}
