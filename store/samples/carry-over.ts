import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { z } from 'zod'
import { isQuantityName } from '#contract/quantities.ts'
import { badCause, type Reading } from '#contract/reading.ts'
import { inTransaction } from '../sqlite-file.ts'
import { qualityOrder } from '../quality-order.ts'
import { SamplePacker } from './packed-samples.ts'
import type { SampleWriter } from './sample-writer.ts'

/** Of one meter in one transaction: some 100,000 readings where 20 quantities are polled every five seconds. */
const STRETCH_MS = 6 * 3_600_000

type Row = Record<string, SQLOutputValue>

const olderSeries = z.object({ meter: z.number(), name: z.string() })
const oldest = z.object({ at_ms: z.number().nullable() })

/**
 * Brings readings of a file that had a row for each into samples, some hours of a meter at a time, each time as a whole:
 * what is interrupted goes on at the next opening, and two processes do no harm to each other.
 */
export function carryOver(database: DatabaseSync, writer: SampleWriter): void {
  const hasOlder = (): boolean =>
    database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'reading_before_samples'").get() !== undefined
  if (!hasOlder()) return
  const words = wordsOf(database)
  // Until the last commit both forms together hold everything, whatever part of it a power cut undoes.
  database.exec('PRAGMA synchronous = NORMAL')
  try {
    while (inTransaction(database, () => hasOlder() && carryStretch(database, writer, words))) continue
  } catch (error) {
    writer.forget()
    throw error
  } finally {
    database.exec('PRAGMA synchronous = FULL')
  }
  // A commit that is on the disk takes those before it along.
  inTransaction(database, () => {
    if (hasOlder()) database.exec('DROP TABLE reading_before_samples; DROP TABLE series_before_samples')
  })
}

/** True where it found something to carry. */
function carryStretch(
  database: DatabaseSync,
  writer: SampleWriter,
  words: ReadonlyMap<number, string>,
): boolean {
  const next = database
    .prepare(`
      SELECT meter, text AS name FROM series_before_samples JOIN word ON word.id = meter ORDER BY meter LIMIT 1`)
    .get()
  if (next === undefined) return false
  const { meter, name } = olderSeries.parse(next)
  const { at_ms: fromMs } = oldest.parse(
    database
      .prepare(`
        SELECT min((SELECT min(at_ms) FROM reading_before_samples AS r
          WHERE r.meter = s.meter AND r.quantity = s.quantity)) AS at_ms
        FROM series_before_samples AS s WHERE meter = ?`)
      .get(meter),
  )
  if (fromMs === null) {
    database.prepare('DELETE FROM series_before_samples WHERE meter = ?').run(meter)
    return true
  }
  const stretch = `FROM reading_before_samples WHERE meter = ?1
    AND quantity IN (SELECT quantity FROM series_before_samples WHERE meter = ?1) AND at_ms >= ?2 AND at_ms < ?3`
  const rows = database.prepare(`SELECT quantity, at_ms, quality, value, detail ${stretch}`)
  const readings = rows.all(meter, fromMs, fromMs + STRETCH_MS).map((row) => readingFrom(name, row, words))
  // All of a moment beside one another, so that they are one sample.
  writer.write(new SamplePacker().pack(readings.sort((a, b) => a.atMs - b.atMs)))
  database.prepare(`DELETE ${stretch}`).run(meter, fromMs, fromMs + STRETCH_MS)
  return true
}

/** Millions of rows: looked at one by one without a schema. */
function readingFrom(meter: string, row: Row, words: ReadonlyMap<number, string>): Reading {
  const { quantity: number, at_ms: atMs, quality: strength, value, detail: word } = row
  const quantity = words.get(Number(number)) ?? ''
  const detail = word === null ? undefined : words.get(Number(word))
  const quality = qualityOrder[Number(strength)]
  if (typeof atMs !== 'number' || !isQuantityName(quantity) || quality === undefined)
    throw new RangeError('a row that is no reading')
  if (quality === 'bad') return { meter, quantity, atMs, quality, cause: badCause.parse(detail) }
  if (typeof value !== 'number') throw new RangeError('a usable reading without a value')
  return {
    meter,
    quantity,
    atMs,
    quality,
    value: detail === undefined ? value : { count: value, resolution: detail },
  }
}

function wordsOf(database: DatabaseSync): Map<number, string> {
  const rows = database.prepare('SELECT id, text FROM word').all()
  return new Map(rows.map(({ id, text }) => [Number(id), String(text)]))
}
