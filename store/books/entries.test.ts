import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { meterEntry, type MeterEntry } from '#contract/meter-entry.ts'
import { openBooks } from '../books.ts'
import { commitOf, digestOf, LATER, newBooks, T0 } from './books.test-support.ts'

let kept: ReturnType<typeof newBooks>
beforeEach(() => {
  kept = newBooks()
})
afterEach(() => kept.remove())

const decision = meterEntry.parse({
  meter: 'm-1',
  by: 'Officer',
  why: 'Sheet of the replacement 4',
  kind: 'event',
  event: {
    kind: 'replacement',
    at: '2026-09-20T09:59:59+08:00',
    quantity: 'activeEnergyImport.total',
    final: { count: 149_719_075, resolution: '0.1' },
    initial: { count: 0, resolution: '0.1' },
  },
})
const digest = digestOf(JSON.stringify(decision))
const withdrawal = meterEntry.parse({
  meter: 'm-1',
  by: 'Officer',
  why: 'wrong sheet',
  kind: 'withdrawal',
  entry: digest,
})
const commit = (entry: MeterEntry) =>
  commitOf(null, { gateway: 'by-hand', epoch: null, digest: digestOf(JSON.stringify(entry)), entry })

/** What is found once the file was changed behind the books' back. */
function foundAfter(sql: string): readonly string[] {
  const file = new DatabaseSync(join(kept.folder, 'books.sqlite'))
  file.exec(sql)
  file.close()
  const again = openBooks(join(kept.folder, 'books.sqlite'))
  try {
    return again.damages()
  } finally {
    again.close()
  }
}

test('decisions of persons that are not what was entered are named', () => {
  kept.books.follow([commit(decision)], LATER)
  expect(kept.books.damages()).toEqual([])
  const name = `decision ${digest.slice(0, 12)} of m-1`
  expect(foundAfter("UPDATE meter_entry SET entry = replace(entry, 'Officer', 'Ogficer')")).toEqual([
    `${name} is not what was entered`,
  ])
  expect(foundAfter("UPDATE meter_entry SET entry = '{'")).toEqual([`${name} is not what was entered`])
})

test('a decision that is said of another meter is named', () => {
  kept.books.follow([commit(decision)], LATER)
  expect(foundAfter("UPDATE meter_entry SET meter = 'm-2'")).toEqual([
    `decision ${digest.slice(0, 12)} of m-2 is not what was entered`,
  ])
})

test('a withdrawal that is gone, or that nobody made, is named', () => {
  kept.books.follow([commit(decision), { ...commit(withdrawal), committedAtMs: T0 + 1 }], LATER)
  expect(kept.books.damages()).toEqual([])
  const name = `decision ${digest.slice(0, 12)} of m-1`
  expect(foundAfter('DELETE FROM meter_entry_withdrawn')).toEqual([`${name} stands, and was withdrawn`])
  expect(
    foundAfter(
      "DELETE FROM meter_entry WHERE entry LIKE '%withdrawal%'; INSERT INTO meter_entry_withdrawn SELECT meter, digest FROM meter_entry",
    ),
  ).toEqual([`${name} is withdrawn, and nobody has`])
})
