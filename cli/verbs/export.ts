import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { measuringPoint, type Meter, type Park, type Sensor } from '#contract/park.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import { openExport } from '../export-file.ts'
import { exportTo, intervalsSource, readingsSource, type ExportFormat, type ExportSource } from '../export.ts'
import { watchLifetime } from '../lifetime.ts'
import { dataOption, instant, storeOption, text } from '../options.ts'
import { ProgressLine } from '../progress.ts'
import { serverFile, storeAddress } from '../server-folder.ts'
import { verb } from '../verb.ts'

const wish = {
  park: text.meta({ description: 'The park file' }),
  out: text.meta({ description: 'The file: .csv, or .lp for line protocol of InfluxDB' }),
  meter: z.array(text).default([]).meta({ description: 'Only this meter; may be given several times' }),
  enterprise: z
    .array(text)
    .default([])
    .meta({ description: 'Only meters of this enterprise; may be given several times' }),
  from: instant.optional().meta({ description: 'From this instant on' }),
  to: instant.optional().meta({ description: 'Before this instant' }),
  data: dataOption,
}

const readingOptions = z.object({
  ...wish,
  store: storeOption,
})
const intervalOptions = z.object(wish)
type Given = z.output<typeof intervalOptions>

/** Meters that are wished for, and sensors, which belong to no enterprise. */
function metersOf(park: Park, given: Given): (Meter | Sensor)[] {
  for (const id of given.meter)
    if (measuringPoint(park, id) === undefined) throw new Fault('not-found', `The park has no meter "${id}".`)
  const known = new Set(park.description.enterprises.map(({ id }) => id))
  for (const id of given.enterprise)
    if (!known.has(id)) throw new Fault('not-found', `The park has no enterprise "${id}".`)
  const isOf = (enterprise: string | undefined): boolean =>
    given.enterprise.length === 0 || (enterprise !== undefined && given.enterprise.includes(enterprise))
  return [
    ...[...park.meters.values()].filter(({ enterprise }) => isOf(enterprise)),
    ...(isOf(undefined) ? park.sensors.values() : []),
  ].filter(({ id }) => given.meter.length === 0 || given.meter.includes(id))
}

function formatOf(out: string): ExportFormat {
  if (out.endsWith('.csv')) return 'csv'
  if (out.endsWith('.lp')) return 'lines'
  throw new Fault('argument-invalid', '--out: the name of the file ends in .csv or .lp')
}

async function run(what: string, given: Given, open: (format: ExportFormat) => ExportSource): Promise<void> {
  const lifetime = watchLifetime()
  const meters = metersOf(readParkFile(given.park), given)
  const period = { fromMs: given.from ?? 0, toMs: given.to ?? Number.MAX_SAFE_INTEGER }
  const source = open(formatOf(given.out))
  const asked = { what, meters: meters.map(({ id }) => id), period, head: source.head ?? '' }
  const file = openExport(given.out, JSON.stringify(asked))
  const progress = new ProgressLine('export', process.stderr)
  let lines = 0
  try {
    const isWhole = await exportTo({
      meters,
      period,
      source,
      file,
      signal: lifetime.signal,
      onProgress: (done, written) => {
        lines = written
        progress.show(done, meters.length, `${Math.floor(done)} / ${meters.length} meters, ${written} lines`)
      },
    })
    if (!isWhole) throw new Fault('process-ended', 'Stopped before the end; run it again to continue.')
  } finally {
    progress.end()
    file.close()
  }
  const before = file.resumesAt === undefined ? '' : ', continued where it had stopped'
  console.log(`${lines} lines of ${what} of ${meters.length} meters written to ${given.out}${before}`)
}

export const exportReadings = verb('Write readings to a file', readingOptions, async (given) => {
  const store = await openReadingStore(storeAddress(given.data, given.store))
  try {
    await run('readings', given, (format) => readingsSource(store, format))
  } finally {
    await store.close()
  }
})

export const exportIntervals = verb('Write intervals to a file', intervalOptions, async (given) => {
  const books = openBooks(serverFile(given.data, 'books.sqlite'))
  try {
    await run('intervals', given, (format) => intervalsSource(books, format))
  } finally {
    books.close()
  }
})
