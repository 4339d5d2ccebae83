import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { keepBooks } from '#cli/bookkeeping.ts'
import { ManualClock } from '#contract/clock.ts'
import type { Period } from '#contract/grid.ts'
import type { Park } from '#contract/park.ts'
import { readGatewayFile, type GatewayFile } from '#firmware-config/gateway.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { importFile } from '#ingest/import.ts'
import { demoGatewayPaths, demoParkPath } from '#simulators/demo.test-support.ts'
import { writeHistory } from '#simulators/history-files.ts'
import { demoScenarioPath, readScenario, type Scenario } from '#simulators/scenario.ts'
import { openBooks, openReadingStore } from '#store/open.ts'

/** The demonstration park, ready to be given a past. */
export interface PastPark {
  readonly scenario: Scenario
  readonly park: Park
  readonly gateways: readonly GatewayFile[]
}

export function pastPark(): PastPark {
  return {
    scenario: readScenario(demoScenarioPath).value,
    park: readParkFile(demoParkPath),
    gateways: demoGatewayPaths.map((file) => readGatewayFile(file).value),
  }
}

/** Writes a past, imports it and computes its intervals, as `simulate history`, `import` and `serve` do. */
export async function makePast(past: PastPark, folder: string, period: Period): Promise<{ books: string }> {
  const { park } = past
  const history = join(folder, 'history')
  const { signal } = new AbortController()
  await writeHistory({ ...past, folder: history, period, signal })
  const log = pino({ level: 'silent' })
  const clock = new ManualClock(period.toMs + 24 * 3_600_000)
  const store = await openReadingStore(`sqlite:${join(folder, 'readings.sqlite')}`)
  const files = readdirSync(history).filter((name) => name.endsWith('.zst'))
  for (const name of files.toSorted().toReversed()) {
    const file = join(history, name)
    const markFile = join(folder, `${name}.mark`)
    await importFile({ file, markFile, park, store, clock, random: () => 0, log, signal })
  }
  const books = openBooks(join(folder, 'books.sqlite'), park.description.timeZone)
  // Stopped before it starts, the loop makes its last round and no other.
  await keepBooks({ store, books, park, clock, log, signal: AbortSignal.abort(), onCommits: () => {} })
  books.close()
  await store.close()
  return { books: join(folder, 'books.sqlite') }
}
