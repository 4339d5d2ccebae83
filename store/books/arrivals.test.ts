import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Books } from '../port.ts'
import { commitOf, LATER, newBooks } from './books.test-support.ts'

let books: Books
let remove: () => void

beforeEach(() => {
  ;({ books, remove } = newBooks())
})
afterEach(() => remove())

test('of a long payload in quarantine the beginning is shown, and how long it is', () => {
  const payload = Buffer.from('碳'.repeat(1_000_000)).toString('base64')
  const refused = [{ code: 'message-undecodable', detail: '', encoding: 'base64' as const, payload }]
  books.follow([commitOf(null, { epoch: null, refused })], LATER)
  const [entry] = books.quarantine(1)
  expect(entry?.payloadCharacters).toBe(4_000_000)
  expect(entry?.refusal.payload).toBe(payload.slice(0, 4_000))
  // The whole of it is known: it is not entered again.
  books.follow([commitOf(null, { epoch: null, refused, committedAtMs: LATER })], LATER)
  expect(books.quarantine(10)).toHaveLength(1)
})
