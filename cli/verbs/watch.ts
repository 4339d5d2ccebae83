import { z } from 'zod'
import { resolution } from '#contract/amount.ts'
import { Fault } from '#contract/fault.ts'
import { watch as watchLines, type Watch, type WatchedLine } from '#edge/commission/watch.ts'
import { refuseContradictions } from '#edge/lines.ts'
import { readGatewayFile } from '#firmware-config/gateway.ts'
import { openProfiles } from '#firmware-config/profile-library.ts'
import { EXIT_CODES, ONE_MASTER, openLine, placeOf } from '../commissioning.ts'
import { watchLifetime } from '../lifetime.ts'
import { targetOptions, transportText, unit } from '../line-target.ts'
import { liveLines, livePage, liveRows, pagesOf } from '../live-table.ts'
import { text } from '../options.ts'
import { systemClock } from '../system-clock.ts'
import { Terminal } from '../terminal.ts'
import { verb } from '../verb.ts'

const options = z.object({
  ...targetOptions,
  config: text.optional().meta({ description: 'A gateway file: all its meters' }),
  meter: z
    .array(text)
    .default([])
    .meta({ description: 'Only this meter of the gateway file; may be given several times' }),
  unit: unit.optional().meta({ description: 'Address 站号 of one meter on the line' }),
  profile: text.optional().meta({ description: 'Profile 型号 of that meter' }),
  ct: resolution.default('1').meta({ description: 'Ratio of its current transformers 电流变比 (1)' }),
  pt: resolution.default('1').meta({ description: 'Ratio of its voltage transformers 电压变比 (1)' }),
  every: z.coerce
    .number()
    .min(0.1)
    .max(3_600)
    .default(2)
    .meta({ description: 'Seconds from poll to poll (2)' }),
  profiles: text.optional().meta({ description: 'A folder with profiles of your own' }),
})

const notes = `In a terminal the table is drawn over in place: n and p turn pages, q or Ctrl-C ends. Elsewhere it is printed after every poll.
The error rate is that of the last 60 requests; a bad value stays with the age of its last good reading.

The meters are polled by this command itself. ${ONE_MASTER}

Examples:
  tanbiao watch --config gateway.yaml
  tanbiao watch --config gateway.yaml --meter press-feed --every 1
  tanbiao watch --serial /dev/ttyUSB0 --unit 1 --profile chint-dtsu666

${EXIT_CODES}`

/** The screen is drawn this often, so that ages run. */
const REDRAW_MS = 500
const NEXT_KEYS = new Set(['n', ' ', '\u001B[C', '\u001B[B', '\u001B[6~'])
const PREVIOUS_KEYS = new Set(['p', '\u001B[D', '\u001B[A', '\u001B[5~'])

type Given = z.output<typeof options>

/** The lines that the options name, with their meters. Buses at one place are one line. */
function linesOf(given: Given): WatchedLine[] {
  const profiles = openProfiles(given.profiles)
  if (given.config === undefined) {
    const { transport, timeoutMs, unit } = placeOf({ ...given, meter: undefined })
    if (given.profile === undefined)
      throw new Fault('argument-invalid', '--profile: of which model is the meter?')
    const map = profiles.load(given.profile, { current: given.ct, voltage: given.pt })
    return [{ transport, timeoutMs, meters: [{ meter: `unit-${unit}`, unit, map, quantities: undefined }] }]
  }
  const { buses } = readGatewayFile(given.config).value
  refuseContradictions(buses.map(({ transport }) => transport))
  const known = buses.flatMap((bus) => bus.meters.map(({ meter }) => meter))
  const unknown = given.meter.filter((meter) => !known.includes(meter))
  if (unknown.length > 0) {
    throw new Fault(
      'argument-invalid',
      `--meter: there is no ${unknown.join(', ')}; there are ${known.join(', ')}.`,
    )
  }
  const wanted = (meter: string): boolean => given.meter.length === 0 || given.meter.includes(meter)
  return [...Map.groupBy(buses, ({ transport }) => transportText(transport)).values()].flatMap((shared) => {
    const [first] = shared
    if (first === undefined) return []
    const meters = shared
      .flatMap((bus) => bus.meters)
      .filter(({ meter }) => wanted(meter))
      .map(({ meter, unit, profile, ratios, quantities }) => ({
        meter,
        unit,
        map: profiles.load(profile, ratios),
        quantities,
      }))
    const timeoutMs = given.timeout ?? Math.max(...shared.map((bus) => bus.timeoutMs))
    return meters.length === 0 ? [] : [{ transport: first.transport, timeoutMs, meters }]
  })
}

async function drawTable(live: Watch, title: string, signal: AbortSignal, stop: () => void): Promise<void> {
  let page = 0
  const draw = (): void => {
    const rows = liveRows(live.now(), systemClock.wallMs())
    const pages = pagesOf(rows.length, terminal.window.rows)
    page = (page + pages) % pages
    terminal.draw(livePage(rows, page, terminal.window, title))
  }
  const terminal = new Terminal(process.stdout, process.stdin, {
    key: (key) => {
      if (key === 'q') stop()
      if (NEXT_KEYS.has(key)) page += 1
      if (PREVIOUS_KEYS.has(key)) page -= 1
      draw()
    },
    resized: draw,
  })
  try {
    while (!signal.aborted) {
      draw()
      await systemClock.sleep(REDRAW_MS, signal)
    }
  } finally {
    terminal.close()
  }
}

async function printTable(live: Watch, everyMs: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    await systemClock.sleep(everyMs, signal)
    const nowMs = systemClock.wallMs()
    console.log(`${new Date(nowMs).toISOString()}\n${liveLines(liveRows(live.now(), nowMs)).join('\n')}\n`)
  }
}

export const watch = verb(
  'Show live values of meters in the terminal',
  options,
  async (given) => {
    const lifetime = watchLifetime()
    const stopping = new AbortController()
    const signal = AbortSignal.any([lifetime.signal, stopping.signal])
    const lines = linesOf(given)
    const everyMs = given.every * 1_000
    const live = watchLines({ lines, everyMs, open: openLine, clock: systemClock, signal })
    const title = `tanbiao 碳表 · 实时 live · ${lines.map(({ transport }) => transportText(transport)).join(' · ')}`
    const shown = process.stdout.isTTY
      ? drawTable(live, title, signal, () => stopping.abort())
      : printTable(live, everyMs, signal)
    try {
      await Promise.race([live.ended, shown])
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      stopping.abort()
      await Promise.allSettled([live.ended, shown])
    }
  },
  { notes },
)
