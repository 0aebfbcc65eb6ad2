'use strict'

// The entries of all pages of an operation, asked for page by page.

// `next` of a page is `after` of the one behind it.
exports.after = async function* (till, operation, list, request, options) {
  for (let after = request?.after; ; ) {
    const page = await till.call(operation, { ...request, after }, options)
    yield* page[list]
    after = page.next
    if (after == null) return
  }
}

// A page does not say whether one follows: the last one is empty. A vendor that does not heed `offset` gives the same one
// again.
exports.offset = async function* (till, operation, list, request, options) {
  for (let offset = Number(request?.offset ?? 0), before; ; ) {
    const page = (await till.call(operation, { ...request, offset }, options))[list]
    const text = JSON.stringify(page)
    if (page.length === 0 || text === before) return
    yield* page
    offset += page.length
    before = text
  }
}
