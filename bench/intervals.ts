import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { ManualClock } from '#contract/clock.ts'
import { DAY_MS } from '#contract/duration.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { indexPark, parkDescription, type Park } from '#contract/park.ts'
import type { RegisterReading } from '#contract/reading.ts'
import { Recomputation } from '#cli/recomputation.ts'
import { energyOf } from '#intervals/energy.ts'
import { CHUNK_MS } from '#intervals/recompute.ts'
import { openBooks, openReadingStore } from '#store/open.ts'

/** From boundary readings to recorded intervals: the computation alone, and a late day of a large park through store and books. */

const METERS = 1_000
const YEAR_DAYS = 365
const register = 'activeEnergyImport.total'
const startMs = Date.UTC(2025, 0, 1)

function parkOf(meters: number): Park {
  const name = { zh: '表', en: 'meter' }
  return indexPark(
    parkDescription.parse({
      id: 'park',
      name,
      gateways: [{ id: 'gateway', name }],
      meters: Array.from({ length: meters }, (_, index) => ({
        id: `meter-${index}`,
        name,
        carrier: 'electricity',
        role: 'terminal',
        gateway: 'gateway',
        register,
        ratingPerHour: 1_000,
        // Twice the time between readings: answers come some milliseconds sooner or later, which is no gap.
        gapSeconds: 1_800,
        installed: '2024-01-01T00:00:00Z',
      })),
    }),
  )
}

/** Readings at every line of a period, both ends included, a few milliseconds after it. */
function boundaryReadings(meter: string, fromMs: number, toMs: number): RegisterReading[] {
  const readings: RegisterReading[] = []
  for (let lineMs = fromMs; lineMs <= toMs; lineMs += SLOT_MS) {
    const slot = lineMs / SLOT_MS
    const count = (slot - startMs / SLOT_MS) * 1_000 + ((slot * 7) % 997)
    readings.push({
      meter,
      quantity: register,
      atMs: lineMs + 12 + (slot % 5),
      quality: 'good',
      value: { count, resolution: '0.01' },
    })
  }
  return readings
}

const load = (): string => loadavg()[0]?.toFixed(1) ?? ''
const perSecond = (count: number, ms: number): string => Math.round((count / ms) * 1_000).toLocaleString('en')

/** Computes a number of meter-years week by week, as a dirty year is worked off. */
function benchComputation(meters: number): void {
  const [meter] = parkOf(1).meters.values()
  if (meter === undefined) throw new RangeError('no meter')
  const endMs = startMs + YEAR_DAYS * DAY_MS
  const weeks: { fromMs: number; toMs: number; readings: RegisterReading[] }[] = []
  for (let fromMs = startMs; fromMs < endMs; fromMs += CHUNK_MS) {
    const toMs = Math.min(fromMs + CHUNK_MS, endMs)
    weeks.push({ fromMs, toMs, readings: boundaryReadings(meter.id, fromMs, toMs) })
  }
  let intervals = 0
  let energy = 0
  const before = process.cpuUsage()
  const begun = performance.now()
  for (let index = 0; index < meters; index += 1) {
    for (const { fromMs, toMs, readings } of weeks) {
      const series = { before: undefined, within: readings.slice(0, -1), after: readings.at(-1) }
      for (const each of energyOf(meter, register, series, { fromMs, toMs })) {
        intervals += 1
        if (each.state === 'known') energy += each.energy.count
      }
    }
  }
  const { user, system } = process.cpuUsage(before)
  const cpuMs = (user + system) / 1_000
  console.log(
    `computed ${intervals.toLocaleString('en')} intervals of ${meters} meter-years in ${((performance.now() - begun) / 1_000).toFixed(1)} s: ` +
      `${perSecond(intervals, cpuMs)} a second of processor time (sum ${energy}; load ${load()})`,
  )
}

/** A day of 1,000 meters arrives a day late: from the readings in SQLite to revisions in the books. */
async function benchLateDay(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-bench-intervals-'))
  const store = await openReadingStore(`sqlite:${join(folder, 'readings.sqlite')}`)
  const books = openBooks(join(folder, 'books.sqlite'), 'Asia/Shanghai')
  try {
    const park = parkOf(METERS)
    const dayMs = startMs + 100 * DAY_MS
    const clock = new ManualClock(dayMs + 3 * DAY_MS)
    const recomputation = new Recomputation({ store, books, park, clock, log: pino({ level: 'silent' }) })
    const arrive = async (fromMs: number, toMs: number): Promise<void> => {
      for (const meter of park.meters.keys()) await store.append(boundaryReadings(meter, fromMs, toMs))
      books.markDirty([...park.meters.keys()].map((meter) => ({ meter, fromMs, toMs })))
    }
    const compute = async (what: string): Promise<void> => {
      const before = process.cpuUsage()
      const begun = performance.now()
      await recomputation.work(600_000)
      const { user, system } = process.cpuUsage(before)
      console.log(
        `${what}: ${((performance.now() - begun) / 1_000).toFixed(2)} s, of them ${((user + system) / 1e6).toFixed(2)} s of processor time (load ${load()})`,
      )
    }
    await arrive(dayMs - DAY_MS, dayMs)
    await arrive(dayMs + DAY_MS, dayMs + 2 * DAY_MS)
    await compute(`${METERS} meters × 3 days, the one between apportioned`)
    await arrive(dayMs, dayMs + DAY_MS)
    await compute(`one late day of ${METERS} meters computed again and its days summed`)
  } finally {
    books.close()
    await store.close()
    rmSync(folder, { recursive: true })
  }
}

export async function benchIntervals(): Promise<void> {
  benchComputation(2)
  benchComputation(Number(process.env['TANBIAO_BENCH_METERS'] ?? '100'))
  await benchLateDay()
}
