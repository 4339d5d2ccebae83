import { expect, test } from 'vitest'
import { newBooks, T0 } from './books.test-support.ts'

test('the newest configuration of each gateway is kept, over the closing of the books', () => {
  const { books, remove } = newBooks()
  try {
    const first = { gateway: 'gw-east', version: 3, digest: 'a'.repeat(64), atMs: T0, by: 'admin' }
    const other = { ...first, gateway: 'gw-west', version: 9 }
    expect(books.publishedConfigurations()).toEqual([])
    for (const each of [first, other]) books.keepPublished(each)
    const next = { ...first, version: 4, atMs: T0 + 1, by: 'li' }
    books.keepPublished(next)
    expect(books.publishedConfigurations()).toEqual([next, other])
  } finally {
    remove()
  }
})
