import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Reading } from '#contract/reading.ts'
import { distinctReadings, sorted } from '../conformance/any-readings.ts'
import { bad, counted, everything, value } from '../conformance/sample-readings.ts'
import type { ReadingStore } from '../port.ts'
import { openSqlite } from '../sqlite-file.ts'
import { openSqliteReadings } from '../sqlite-readings.ts'
import { strengthOf } from '../quality-order.ts'
import { carryOver } from './carry-over.ts'
import { Layouts } from './layouts.ts'
import { resolutionOf } from './sample-content.ts'
import { SampleWriter } from './sample-writer.ts'

/** A file as it was written before there were samples: a row a reading. */
function olderFile(file: string, readings: readonly Reading[]): void {
  const database = new DatabaseSync(file)
  database.exec(readFileSync(new URL('../migrations/001-readings.sql', import.meta.url), 'utf8'))
  database.exec('PRAGMA user_version = 1; PRAGMA application_id = 0x74627264; BEGIN')
  const wordOf = (text: string) =>
    Number(
      database
        .prepare('INSERT INTO word (text) VALUES (?) ON CONFLICT DO UPDATE SET text = text RETURNING id')
        .get(text)?.['id'],
    )
  for (const reading of readings) {
    const { meter, quantity, atMs, quality } = reading
    const usable = quality === 'bad' ? null : reading.value
    const detail = quality === 'bad' ? reading.cause : resolutionOf(reading)
    database
      .prepare('INSERT INTO reading VALUES (?, ?, ?, ?, ?, ?)')
      .run(
        wordOf(meter),
        wordOf(quantity),
        atMs,
        strengthOf(quality),
        typeof usable === 'object' ? (usable?.count ?? null) : usable,
        detail === undefined ? null : wordOf(detail),
      )
    database.prepare('INSERT OR IGNORE INTO series VALUES (?, ?)').run(wordOf(meter), wordOf(quantity))
  }
  database.exec('COMMIT')
  database.close()
}

async function allOf(store: ReadingStore, like: readonly Reading[]): Promise<Reading[]> {
  const series = new Map(like.map((reading) => [`${reading.meter} ${reading.quantity}`, reading]))
  const found: Reading[] = []
  for (const { meter, quantity } of series.values())
    found.push(...(await store.readings(meter, quantity, everything)))
  return sorted(found)
}

async function inFolder(work: (file: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-carry-'))
  try {
    await work(join(folder, 'readings.sqlite'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('any readings of an older file are there as they were', async () => {
  await fc.assert(
    fc.asyncProperty(distinctReadings, (readings) =>
      inFolder(async (file) => {
        olderFile(file, readings)
        const store = await openSqliteReadings({ file })
        expect(await allOf(store, readings)).toEqual(sorted(readings))
        await store.close()
        const again = await openSqliteReadings({ file })
        expect(await allOf(again, readings)).toEqual(sorted(readings))
        await again.close()
      }),
    ),
    { numRuns: 10 },
  )
})

test('what was interrupted goes on at the next opening, and new readings find their place', () =>
  inFolder(async (file) => {
    const hours = (index: number) => index * 3_600
    const readings = Array.from({ length: 48 }, (_, index): Reading[] => [
      value(hours(index), index),
      index === 30 ? bad(hours(index), 'activeEnergyImport.total') : counted(hours(index), index),
    ]).flat()
    olderFile(file, readings)

    const database = openSqlite(file, 'readings')
    const writer = new SampleWriter(database, new Layouts(database))
    const write = writer.write.bind(writer)
    let stretches = 0
    writer.write = (...given) => {
      stretches += 1
      if (stretches === 4) throw new Error('killed')
      write(...given)
    }
    expect(() => carryOver(database, writer)).toThrow('killed')
    const left = database.prepare('SELECT count(*) AS n FROM reading_before_samples').get()
    expect(left).toEqual({ n: readings.length - 3 * 12 })
    database.close()

    const store = await openSqliteReadings({ file })
    expect(await allOf(store, readings)).toEqual(sorted(readings))
    await store.append([value(hours(3), 99), value(hours(50), 50)])
    expect(await store.readings('m-1', 'activePower.total', everything)).toHaveLength(49)
    await store.close()
  }))
