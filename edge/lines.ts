import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import type { BusDescription } from '#firmware-config/gateway.ts'
import type { Line } from './bus.ts'
import { RtuLine } from './modbus/rtu.ts'
import { serialPipe } from './modbus/serial-pipe.ts'
import { socketPipe } from './modbus/socket-pipe.ts'
import { ModbusTcpLine } from './modbus/tcp.ts'

type Transport = BusDescription['transport']

interface LineSurroundings {
  readonly clock: Clock
  readonly log: Logger
  /** A number in [0, 1). */
  readonly random: () => number
}

/** The line that a transport describes; nothing is opened before the first read. */
export function lineOf(transport: Transport, surroundings: LineSurroundings): Line {
  const { kind } = transport
  if (kind === 'tcp') return new ModbusTcpLine({ ...transport, ...surroundings })
  const networked = kind === 'rtu-over-tcp'
  return new RtuLine({
    path: placeOf(transport),
    open: networked
      ? socketPipe(transport.host, transport.port, { discardUnsent: true })
      : serialPipe(transport.path, transport),
    lostCode: networked ? 'bus-disconnected' : 'serial-device-unusable',
    networked,
    serial: transport,
    lateMs: transport.lateMs,
    ...surroundings,
  })
}

/** What only one line of a gateway can hold: a device, or an address of a server. */
export function placeOf(transport: Transport): string {
  return transport.kind === 'rtu' ? transport.path : `${transport.host}:${transport.port}`
}

/** Everything but the place that makes one line differ from another, in one order. */
export function mannerOf(transport: Transport): string {
  if (transport.kind === 'tcp') return `tcp, ${transport.requestsAtOnce ?? 1} requests at once`
  const { kind, baudRate, parity, stopBits, lateMs } = transport
  return `${kind} at ${baudRate} baud, parity ${parity}, ${stopBits} stop bits, late by ${lateMs} ms`
}

/** Throws `file-invalid` when one place is described in two ways. */
export function refuseContradictions(transports: readonly Transport[]): void {
  const manners = new Map<string, string>()
  for (const transport of transports) {
    const place = placeOf(transport)
    const manner = mannerOf(transport)
    const other = manners.get(place) ?? manner
    if (other !== manner)
      throw new Fault('file-invalid', `Two buses at ${place} differ: ${other}; ${manner}.`)
    manners.set(place, manner)
  }
}
