import { stringify } from 'yaml'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { identify, type Identification } from '#edge/commission/identify.ts'
import { scan as scanLine, type FoundUnit, type ScanResult } from '#edge/commission/scan.ts'
import { allProfiles, askerOf, busOf, EXIT_CODES, exitCodes, ONE_MASTER, openLine } from '../commissioning.ts'
import { watchLifetime } from '../lifetime.ts'
import { settingsText, targetOptions, timeoutOf, transportsOf, transportText } from '../line-target.ts'
import { flag, jsonOption, text } from '../options.ts'
import { durationText, Progress } from '../search-progress.ts'
import { systemClock } from '../system-clock.ts'
import { tableLines } from '../table.ts'
import { verb } from '../verb.ts'

/** The settings with which meters leave their factories, the most frequent first. */
const SCANNED_LINE = { baud: [9_600, 19_200, 4_800, 2_400], parity: ['none', 'even'] } as const

/** "1-20,31" as numbers without repetition. Addresses above 247 are reserved on a serial line, but in use over TCP. */
const unitList = text.transform((list, context): number[] => {
  const units = list.split(',').flatMap((part) => {
    const [, first, last] = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(part) ?? []
    const from = Number(first)
    return Array.from({ length: Number(last ?? first) - from + 1 || 0 }, (_, index) => from + index)
  })
  if (units.length > 0 && units.every((each) => each <= 255) && !/[^\d,-]/.test(list))
    return [...new Set(units)]
  context.addIssue('addresses such as "1-247" or "1,2,10-20", up to 255')
  return z.NEVER
})

const options = z.object({
  ...targetOptions,
  baud: targetOptions.baud.meta({ description: 'Baud rates to try (9600,19200,4800,2400)' }),
  parity: targetOptions.parity.meta({ description: 'Parities to try (none,even)' }),
  config: text.optional().meta({ description: 'A gateway file; with --bus, its line' }),
  bus: text.optional().meta({ description: 'A bus of the gateway file' }),
  units: unitList.default(unitList.parse('1-247')).meta({ description: 'Addresses 站号 to try (1-247)' }),
  profiles: text.optional().meta({ description: 'A folder with profiles of your own' }),
  'no-guess': flag('Do not look which profile fits'),
  yaml: flag('Print a bus for gateway.yaml instead of the table'),
  json: jsonOption,
})

const notes = `A unit is there when anything valid answers, exceptions 01 to 06 included; 0A and 0B of a gateway mean that it is not.
Reads only. ${ONE_MASTER}

Examples:
  tanbiao scan --serial /dev/ttyUSB0
  tanbiao scan --serial /dev/ttyUSB0 --baud 9600,19200 --parity none,even --units 1-32
  tanbiao scan --rtu-over-tcp 192.168.1.20:4001 --units 1-32
  tanbiao scan --tcp 192.168.1.10 --units 1-10 --timeout 2000
  tanbiao scan --config gateway.yaml --bus hall-1 --json

${EXIT_CODES}`

type Guess = Pick<Identification, 'kind' | 'candidates' | 'weak'>

function guessText(guess: Guess | undefined): string {
  if (guess === undefined) return ''
  if (guess.kind === 'none') return 'no profile fits'
  return guess.candidates.map(({ map }) => map.id).join(' or ') + (guess.weak ? ' ?' : '')
}

/** A line that was closed a moment ago may still be held. */
const REOPEN_PAUSE_MS = 600
const OPENINGS_MAX = 5

/** Which profiles fit a unit; the line is opened again where it is lost, as the scan itself does. */
async function identifyOpened(
  { unit, transport }: FoundUnit,
  maps: Parameters<typeof identify>[0]['maps'],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Identification> {
  for (let opening = 1; ; opening += 1) {
    const asker = askerOf(transport, timeoutMs)
    try {
      return await identify({ unit, maps, asker, atMs: () => systemClock.wallMs(), signal })
    } catch (error) {
      if (!(error instanceof Fault) || opening === OPENINGS_MAX) throw error
    } finally {
      asker.close()
    }
    await systemClock.sleep(REOPEN_PAUSE_MS, signal)
  }
}

/** The units of a scan as a bus of gateway.yaml, to be completed by hand. */
function busYaml(result: ScanResult, guesses: ReadonlyMap<FoundUnit, Guess>): string {
  const [first] = result.found
  if (first === undefined) return ''
  const here = result.found.filter(({ transport }) => transport === first.transport)
  const bus = {
    id: 'bus-1',
    transport: first.transport,
    meters: here.map((found) => ({
      meter: `meter-${found.unit}`,
      unit: found.unit,
      profile: guesses.get(found)?.candidates[0]?.map.id ?? 'unknown',
    })),
  }
  const open = here.filter((found) => guesses.get(found)?.kind !== 'one')
  const remark = open.map(
    (found) => `# unit ${found.unit}: ${guessText(guesses.get(found)) || 'not looked for'}\n`,
  )
  return remark.join('') + stringify({ buses: [bus] }, { flowCollectionPadding: true })
}

function printTable(result: ScanResult, guesses: ReadonlyMap<FoundUnit, Guess>): void {
  const rows = result.found.map((found) => [
    String(found.unit),
    settingsText(found.transport),
    `${found.latencyMs.toFixed(0)} ms`,
    found.firstAnswer,
    guessText(guesses.get(found)),
  ])
  const heading = ['unit 站号', 'line 线路', 'latency 延迟', 'first answer 首次应答', 'profile 型号']
  if (rows.length > 0) console.log(tableLines([heading, ...rows], new Set([0, 2])).join('\n'))
}

/** What a person should know about the units that gave no answer. */
function remarks({ found, noisy, complete, asked }: ScanResult, units: readonly number[]): string[] {
  const said: string[] = []
  const count = `${asked} questions, ${found.length} ${found.length === 1 ? 'unit' : 'units'} found`
  said.push(complete ? count : `${count}; ended before all were asked 已中断`)
  for (const [transport, here] of Map.groupBy(noisy, (each) => each.transport)) {
    const list = here.map(({ unit }) => unit).join(', ')
    said.push(
      `At ${settingsText(transport)} bytes came that are no answer, when these were asked: ${list}. Wrong settings, noise, or two meters with one address.`,
    )
  }
  if (units.length > 3 && found.length === units.length) {
    said.push('Every address answers: this device ignores the unit address, and is one meter.')
  }
  return said
}

export const scan = verb(
  'Find the meters on a line (by baud rate, parity and address)',
  options,
  async (given) => {
    const { signal } = watchLifetime()
    const bus = given.config === undefined ? undefined : busOf(given.config, given.bus)
    const transports = bus === undefined ? transportsOf(given, SCANNED_LINE) : [bus.transport]
    if (transports.length === 0) {
      throw new Fault(
        'argument-invalid',
        'Say which line: --tcp HOST:PORT, --rtu-over-tcp HOST:PORT, --serial DEVICE, or --config FILE --bus ID.',
      )
    }
    const timeoutMs = given.timeout ?? bus?.timeoutMs ?? timeoutOf(given, transports[0])
    const maps = given['no-guess'] ? [] : allProfiles(given.profiles)
    const progress = new Progress(process.stderr, () => systemClock.monotonicMs())
    const result = await scanLine({
      transports,
      units: given.units,
      timeoutMs,
      open: openLine,
      clock: systemClock,
      signal,
      progress: ({ transport, unit, round, asked, total, leftMs, found }) =>
        progress.show(
          `扫描 ${transportText(transport)} unit ${unit} (${round}): ${asked} of ${total}, ${found} found, ${durationText(leftMs)} left`,
        ),
      found: (unit) =>
        progress.say(`  ✓ unit ${unit.unit} at ${transportText(unit.transport)}: ${unit.firstAnswer}`),
    })
    const guesses = new Map<FoundUnit, Guess>()
    try {
      for (const found of maps.length === 0 || signal.aborted ? [] : result.found) {
        progress.show(`识别 which profile fits unit ${found.unit} …`)
        guesses.set(found, await identifyOpened(found, maps, timeoutMs, signal))
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
    progress.clear()
    if (given.json) {
      const units = result.found.map((found) => ({
        ...found,
        profiles: guesses.get(found)?.candidates.map(({ map, points }) => ({ id: map.id, points })) ?? [],
      }))
      console.log(JSON.stringify({ ...result, found: units }, undefined, 2))
    } else if (given.yaml) console.log(busYaml(result, guesses))
    else printTable(result, guesses)
    for (const line of remarks(result, given.units)) progress.say(line)
    if (signal.aborted) process.exitCode = exitCodes.interrupted
    else if (result.found.length === 0) process.exitCode = exitCodes.nothing
  },
  { notes },
)
