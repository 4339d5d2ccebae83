import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { ManualClock } from '#contract/clock.ts'
import type { CommitRecord } from '#contract/commit.ts'
import { indexPark, parkDescription, type Park } from '#contract/park.ts'
import type { RegisterReading } from '#contract/reading.ts'
import { openBooks, openReadingStore } from '#store/open.ts'

/** A moment at which a slot begins. */
export const T0 = Date.UTC(2026, 5, 1)

export const register = 'activeEnergyImport.total' as const

/** A park of electricity meters of one gateway, and of sensors. */
export function parkOfMeters(ids: readonly string[], sensors: readonly string[] = []): Park {
  const name = { zh: '表', en: 'meter' }
  return indexPark(
    parkDescription.parse({
      id: 'park-1',
      name,
      gateways: [{ id: 'gw-1', name }],
      meters: ids.map((id) => ({
        id,
        name,
        carrier: 'electricity',
        role: 'boundary',
        gateway: 'gw-1',
        register,
        ratingPerHour: 100_000,
        installed: '2026-01-01T00:00:00Z',
      })),
      sensors: sensors.map((id) => ({ id, name, gateway: 'gw-1', installed: '2026-01-01T00:00:00Z' })),
    }),
  )
}

/** Real store and books in a folder of their own, a clock that a test drives, and what was logged. */
export async function bench() {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-bookkeeping-'))
  const store = await openReadingStore(`sqlite:${join(folder, 'readings.sqlite')}`)
  const books = openBooks(join(folder, 'books.sqlite'))
  const logged: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => logged.push(line) })
  const remove = async (): Promise<void> => {
    books.close()
    await store.close()
    rmSync(folder, { recursive: true })
  }
  return { store, books, clock: new ManualClock(T0), log, logged, remove }
}

export type Bench = Awaited<ReturnType<typeof bench>>

export function registerReading(
  meter: string,
  atMs: number,
  count: number,
  resolution = '0.01',
): RegisterReading {
  return { meter, quantity: register, atMs, quality: 'good', value: { count, resolution } }
}

/** The commit record of batch `seq`, which touched these meters at its own moment. */
export function commitAt(seq: number, committedAtMs: number, meters: readonly string[] = []): CommitRecord {
  return {
    gateway: 'gw-1',
    epoch: 'a'.repeat(32),
    seq,
    digest: createHash('sha256').update(String(seq)).digest('hex'),
    committedAtMs,
    stored: meters.length,
    touched: meters.map((meter) => ({ meter, fromMs: committedAtMs, toMs: committedAtMs })),
    refused: [],
  }
}
