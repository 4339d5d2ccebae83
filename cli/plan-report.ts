import type { BusDemand, Coincidence, MeterDemand } from '#edge/demand.ts'
import type { BusDescription } from '#firmware-config/gateway.ts'

/** The plan of one bus, and that of the same bus on a faster line. */
export interface PlannedBus {
  readonly description: BusDescription
  readonly demand: BusDemand
  readonly atBaudRate: (baudRate: number) => BusDemand
}

/** Rates that meters can be set to. */
const BAUD_RATES = [1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200]

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
const milliseconds = (us: number): string => (us / 1_000).toFixed(1)
const seconds = (ms: number): string => `${ms / 1_000} s`
const count = (of: number, noun: string): string => `${of} ${noun}${of === 1 ? '' : 's'}`

function transportText({ transport }: BusDescription): string {
  const place = transport.kind === 'rtu' ? transport.path : `${transport.host}:${transport.port}`
  const line = transport.kind === 'tcp' ? transport.line : transport
  if (line === undefined) return `${transport.kind} ${place}`
  const letter = { none: 'N', even: 'E', odd: 'O' }[line.parity]
  return `${transport.kind} ${place}, ${line.baudRate} 8${letter}${line.stopBits}`
}

/** Columns as wide as their widest cell, two spaces between them; numbers to the right. */
function table(rows: readonly (readonly string[])[], right: readonly number[]): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, at) => Math.max(cell.length, widest[at] ?? 0)),
    [],
  )
  return rows
    .map((row) =>
      row
        .map((cell, at) =>
          right.includes(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const HEAD = ['meter', 'unit', 'every', 'function', 'address', 'count', 'bytes', 'ms', 'line', 'quantities']
const NUMBERS = [1, 3, 5, 6, 7, 8]

function coincidenceRows(demand: MeterDemand, { everyMs, requests, perSecond }: Coincidence): string[][] {
  return requests.map((request) => [
    demand.meter,
    String(demand.unit),
    everyMs.map(seconds).join(' + '),
    String(request.function).padStart(2, '0'),
    `0x${request.address.toString(16).toUpperCase().padStart(4, '0')}`,
    String(request.quantity),
    String(request.bytes),
    milliseconds(request.us),
    percent((perSecond * request.us) / 1e6),
    request.registers.map(({ quantity }) => quantity).join(' '),
  ])
}

/** The least baud rate at which a serial bus would fit, if there is one above its own. */
function sufficientBaudRate({ description: { transport }, atBaudRate }: PlannedBus): number | undefined {
  const line = transport.kind === 'tcp' ? transport.line : transport
  if (line === undefined) return undefined
  return BAUD_RATES.find((rate) => rate > line.baudRate && atBaudRate(rate).share <= 1)
}

/** What does not fit on a bus, each with what to change; empty where all fits. */
export function misfits(bus: PlannedBus): string[] {
  const { description, demand } = bus
  const found: string[] = []
  if (demand.share > 1) {
    const baudRate = sufficientBaudRate(bus)
    const changes = [
      `poll ${(Math.ceil(demand.share * 100) / 100).toFixed(2)} times less often`,
      'read slow quantities at slower `rates` or not at all',
      ...(baudRate === undefined ? [] : [`set the line to ${baudRate} baud`]),
      ...(description.meters.length > 1 ? ['put meters on another line'] : []),
    ]
    found.push(
      `${percent(demand.share)} of the line is wanted, ${percent(demand.share - 1)} more than there is: ${changes.join(', or ')}.`,
    )
  }
  if (demand.longestUs > description.timeoutMs * 1_000) {
    found.push(
      `An answer may take ${milliseconds(demand.longestUs)} ms, but timeoutMs is ${description.timeoutMs}: raise it above that.`,
    )
  }
  return found
}

/** The plan of one bus for a person: its requests as a table, then what they come to and what does not fit. */
export function planText(bus: PlannedBus): string {
  const { description, demand } = bus
  const rows = demand.meters.flatMap((meter) =>
    meter.coincidences
      .toSorted((a, b) => b.perSecond - a.perSecond)
      .flatMap((coincidence) => coincidenceRows(meter, coincidence)),
  )
  const perMeter = demand.meters.map((meter) => [
    meter.meter,
    milliseconds(meter.cycleUs),
    percent(meter.share),
  ])
  const found = misfits(bus)
  return [
    `bus ${description.id}: ${transportText(description)}`,
    '',
    table([HEAD, ...rows], NUMBERS),
    '',
    table([['meter', 'ms per cycle', 'line'], ...perMeter], [1, 2]),
    '',
    `all once: ${count(demand.requests, 'request')}, ${demand.bytes} bytes, ${milliseconds(demand.cycleUs)} ms; share of the line: ${percent(demand.share)}`,
    ...(found.length === 0 ? ['fits'] : found.map((text) => `DOES NOT FIT: ${text}`)),
  ].join('\n')
}
