import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import type { BusDescription, SerialSettings } from '#firmware-config/gateway.ts'
import { text } from './options.ts'

/** How the commissioning verbs are told where the meters are. */

export type Transport = BusDescription['transport']

const numberList = (what: string, min: number, max: number) =>
  text.transform((list, context): number[] => {
    const numbers = list.split(',').map(Number)
    if (numbers.every((each) => Number.isInteger(each) && each >= min && each <= max)) return numbers
    context.addIssue(`${what}, separated by commas, e.g. "${min},${max}"`)
    return z.NEVER
  })

const paritySetting = z.enum(['none', 'even', 'odd'])

/** Options that say where the meters are and how the line is set. */
export const targetOptions = {
  tcp: text.optional().meta({ description: 'Modbus TCP 网口: HOST or HOST:PORT (port 502)' }),
  'rtu-over-tcp': text
    .optional()
    .meta({ description: 'RTU through a transparent serial server 串口服务器: HOST:PORT' }),
  serial: text.optional().meta({ description: 'A serial device 串口: /dev/ttyUSB0' }),
  baud: numberList('baud rates', 300, 4_000_000).optional().meta({ description: 'Baud rate 波特率 (9600)' }),
  parity: text
    .transform((list) => list.split(','))
    .pipe(z.array(paritySetting).min(1))
    .optional()
    .meta({ description: 'Parity 校验: none, even or odd (none)' }),
  'stop-bits': z.enum(['1', '2']).default('1').meta({ description: 'Stop bits 停止位: 1 or 2 (1)' }),
  timeout: z.coerce.number().int().min(10).max(60_000).optional().meta({
    description: 'How long an answer may take, in ms (500; over Modbus TCP 1000)',
  }),
}

export const unit = z.coerce.number().int().min(0).max(255)

export interface TargetGiven {
  readonly tcp?: string | undefined
  readonly 'rtu-over-tcp'?: string | undefined
  readonly serial?: string | undefined
  readonly baud?: readonly number[] | undefined
  readonly parity?: readonly SerialSettings['parity'][] | undefined
  readonly 'stop-bits': '1' | '2'
  readonly timeout?: number | undefined
}

/** What is tried where nothing else is said: a scan tries several. */
export interface LineDefaults {
  readonly baud: readonly number[]
  readonly parity: readonly SerialSettings['parity'][]
}
export const USUAL_LINE: LineDefaults = { baud: [9_600], parity: ['none'] }

const TIMEOUT_MS = 500
/** A gateway waits for the meter behind it first. */
const TCP_TIMEOUT_MS = 1_000

export function timeoutOf(given: TargetGiven, transport: Transport | undefined): number {
  return given.timeout ?? (transport?.kind === 'tcp' ? TCP_TIMEOUT_MS : TIMEOUT_MS)
}

function address(option: string, given: string, portByDefault?: number): { host: string; port: number } {
  const [, host = '', portText] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(given)?.filter(Boolean) ?? []
  const port = portText === undefined ? portByDefault : Number(portText)
  if (host === '' || port === undefined || port < 1 || port > 65_535) {
    throw new Fault('argument-invalid', `--${option}: "${given}" is no HOST:PORT.`)
  }
  return { host, port }
}

/**
 * The transports that the options describe: for a line, one for every baud rate and parity. Empty where none of the
 * options is given. Throws `argument-invalid`.
 */
export function transportsOf(given: TargetGiven, defaults: LineDefaults = USUAL_LINE): Transport[] {
  const { tcp, serial, 'rtu-over-tcp': served } = given
  if ([tcp, serial, served].filter((each) => each !== undefined).length > 1) {
    throw new Fault('argument-invalid', 'Give one of --tcp, --rtu-over-tcp and --serial.')
  }
  if (tcp !== undefined) return [{ kind: 'tcp', ...address('tcp', tcp, 502) }]
  const stopBits = given['stop-bits'] === '2' ? 2 : 1
  const manners = (given.parity ?? defaults.parity).flatMap((parity) =>
    (given.baud ?? defaults.baud).map((baudRate) => ({ baudRate, parity, stopBits }) as const),
  )
  const lateMs = timeoutOf(given, undefined)
  if (served !== undefined) {
    // The serial server has its own settings; ours only tell how long characters take there.
    const [manner] = manners
    if (manner === undefined) return []
    return [{ kind: 'rtu-over-tcp', ...address('rtu-over-tcp', served), ...manner, lateMs }]
  }
  if (serial === undefined) return []
  return manners.map((manner) => ({ kind: 'rtu', path: serial, ...manner, lateMs }))
}

/** "9600 8N1": how a line is set, as people write it. */
export function settingsText(transport: Transport): string {
  if (transport.kind === 'tcp') return 'Modbus TCP'
  const { baudRate, parity, stopBits } = transport
  return `${baudRate} 8${parity.charAt(0).toUpperCase()}${stopBits}`
}

/** Where the meters are and how the line is set: "/dev/ttyUSB0 9600 8N1". */
export function transportText(transport: Transport): string {
  const place = transport.kind === 'rtu' ? transport.path : `${transport.host}:${transport.port}`
  return transport.kind === 'tcp'
    ? `Modbus TCP ${place}`
    : `${transport.kind === 'rtu' ? 'RTU' : 'RTU over TCP'} ${place} ${settingsText(transport)}`
}
