import { Fault } from '#contract/fault.ts'
import { Asker } from '#edge/commission/asker.ts'
import { lineOf } from '#edge/lines.ts'
import { readGatewayFile, type BusDescription, type MeterLine } from '#firmware-config/gateway.ts'
import { openProfiles } from '#firmware-config/profile-library.ts'
import type { RegisterMap } from '#firmware-config/profile.ts'
import type { Line } from '#edge/bus.ts'
import { timeoutOf, transportsOf, type TargetGiven, type Transport } from './line-target.ts'
import { makeLog } from './log.ts'
import { systemClock } from './system-clock.ts'

/** What the commissioning verbs share: lines of their own, and the meter that they are pointed at. */

/** Exit codes beside 0, 1 (a fault) and 2 (wrong arguments). */
export const exitCodes = { nothing: 3, interrupted: 130 } as const

export const EXIT_CODES = `Exit codes: 0 done; 1 a fault, with its place and what to do; 2 wrong arguments; ${exitCodes.nothing} nothing was found, or not all
could be read; ${exitCodes.interrupted} ended by Ctrl-C.`

export const ONE_MASTER =
  'The tools open the line themselves: stop the agent (tanbiao edge) on the same serial line first; a line has one master.'

/** A line; what happens on it is told by the tool, so its log says only what it cannot know. */
export function openLine(transport: Transport): Line {
  return lineOf(transport, { clock: systemClock, log: makeLog('line', 'error'), random: Math.random })
}

export function askerOf(transport: Transport, timeoutMs: number): Asker {
  return new Asker(openLine(transport), { transport, clock: systemClock, timeoutMs, oneUnit: true })
}

/** One meter on its line. */
export interface Place {
  readonly transport: Transport
  readonly timeoutMs: number
  readonly unit: number
  /** The meter's line in the gateway file, where the place is from one. */
  readonly meter: MeterLine | undefined
}

interface PlaceGiven extends TargetGiven {
  readonly unit?: number | undefined
  readonly config?: string | undefined
  readonly meter?: string | undefined
}

/** The unit that the options name, directly or as a meter of a gateway file. Throws `argument-invalid`. */
export function placeOf(given: PlaceGiven): Place {
  const [transport, ...others] = transportsOf(given)
  if (given.config !== undefined) {
    if (transport !== undefined) throw new Fault('argument-invalid', 'Give --config or a line, not both.')
    const { buses } = readGatewayFile(given.config).value
    const meters = buses.flatMap((bus) => bus.meters.map((meter) => ({ bus, meter })))
    const found = meters.find(({ meter }) => meter.meter === given.meter)
    if (found === undefined) {
      const names = meters.map(({ meter }) => meter.meter).join(', ')
      throw new Fault('argument-invalid', `--meter: one of ${names}.`)
    }
    const { bus, meter } = found
    return { transport: bus.transport, timeoutMs: given.timeout ?? bus.timeoutMs, unit: meter.unit, meter }
  }
  if (transport === undefined) {
    throw new Fault(
      'argument-invalid',
      'Say where the meter is: --tcp HOST:PORT, --rtu-over-tcp HOST:PORT, --serial DEVICE, or --config FILE --meter ID.',
    )
  }
  if (others.length > 0)
    throw new Fault('argument-invalid', 'Give one baud rate and one parity; scan tries several.')
  if (given.unit === undefined)
    throw new Fault('argument-invalid', '--unit: the address of the meter is missing.')
  return { transport, timeoutMs: timeoutOf(given, transport), unit: given.unit, meter: undefined }
}

/** The bus of a gateway file. Throws `argument-invalid` naming those that there are. */
export function busOf(config: string, id: string | undefined): BusDescription {
  const { buses } = readGatewayFile(config).value
  const [first, ...others] = buses.filter((bus) => id === undefined || bus.id === id)
  if (first === undefined || others.length > 0) {
    throw new Fault('argument-invalid', `--bus: one of ${buses.map((bus) => bus.id).join(', ')}.`)
  }
  return first
}

/** Every profile at hand. */
export function allProfiles(folder: string | undefined): RegisterMap[] {
  const library = openProfiles(folder)
  return [...library.paths.keys()].map((id) => library.load(id))
}
