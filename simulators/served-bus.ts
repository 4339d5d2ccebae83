import type { Clock } from '#contract/clock.ts'
import type { BusDescription } from '#firmware-config/gateway.ts'
import type { BusMeter } from './bus-meter.ts'
import type { FaultBus } from './fault-board.ts'
import { lineTiming } from './line-timing.ts'
import { MeterBus, type Served, type SimulationLog } from './meter-bus.ts'
import { startMeterServer, type MeterServer } from './meter-server.ts'
import { tcpFraming } from './modbus-frame.ts'
import { PacedLine, type LineExchange, type LineLoad } from './paced-line.ts'
import { makePseudoTerminals } from './pseudo-terminals.ts'
import { rtuFraming } from './rtu-frame.ts'
import { startSerialBus } from './serial-bus.ts'

/** One bus of a gateway file, served by the transport of its kind. */
export interface ServedBus extends FaultBus {
  /** For transports over TCP. */
  readonly port: number | undefined
  /** For serial lines: the device that the gateway opens. */
  readonly path: string | undefined
  /** What the serial line has carried; `undefined` where there is none. */
  readonly load: () => LineLoad | undefined
  stop(): Promise<void>
}

export interface ServedBusOptions {
  readonly key: string
  readonly gateway: string
  readonly transport: BusDescription['transport']
  readonly meters: readonly BusMeter[]
  readonly clock: Clock
  readonly log: SimulationLog
  /** Address to listen on. */
  readonly host: string
  /** Instead of the port of the transport; 0 for any free one. */
  readonly port?: number
  /** Instead of the device of the transport. */
  readonly path?: string
  /** Folder in which a serial line is made of pseudo-terminals, instead of a device. */
  readonly ptyFolder?: string
  readonly onServed?: (record: Served) => void
  readonly onRequest?: (wallMs: number) => void
  readonly onExchange?: (exchange: LineExchange) => void
}

/** The settings of the serial line that a transport has in or behind it. */
const lineSettings = (transport: BusDescription['transport']) =>
  transport.kind === 'tcp' ? transport.line : transport

/** True where the answers of a bus take the time of a serial line. */
export function hasLine(transport: BusDescription['transport']): boolean {
  return lineSettings(transport) !== undefined
}

type Opened = Pick<ServedBus, 'port' | 'path' | 'stop'> & { readonly server?: MeterServer }

async function open(options: ServedBusOptions, bus: MeterBus): Promise<Opened> {
  const { transport, key, host, clock, log } = options
  if (transport.kind !== 'rtu') {
    const server = await startMeterServer({ host, port: options.port ?? transport.port, bus, clock, log })
    return { server, port: server.port, path: undefined, stop: () => server.stop() }
  }
  const { kind: _kind, path: devicePath, ...settings } = transport
  if (options.ptyFolder === undefined) {
    const path = options.path ?? devicePath
    const serial = await startSerialBus({ path, settings, bus, clock, log })
    return { port: undefined, path, stop: () => serial.stop() }
  }
  const pair = await makePseudoTerminals(options.ptyFolder, key)
  try {
    const serial = await startSerialBus({ path: pair.metersPath, settings, bus, clock, log })
    const stop = async (): Promise<void> => {
      await serial.stop()
      await pair.stop()
    }
    return { port: undefined, path: pair.gatewayPath, stop }
  } catch (error) {
    await pair.stop()
    throw error
  }
}

/** Opens the port or device of a bus. Throws `port-taken`, `serial-device-unusable`, `program-missing` or `folder-unusable`. */
export async function serveBus(options: ServedBusOptions): Promise<ServedBus> {
  const { key, gateway, transport, meters, clock, log, onServed, onRequest, onExchange } = options
  const stopping = new AbortController()
  const settings = lineSettings(transport)
  const line =
    settings === undefined
      ? undefined
      : new PacedLine({
          timing: lineTiming(settings),
          clock,
          signal: stopping.signal,
          real: transport.kind === 'rtu' && options.ptyFolder === undefined,
          ...(onExchange === undefined ? {} : { onExchange }),
        })
  const bus = new MeterBus({
    framing: transport.kind === 'tcp' ? tcpFraming : rtuFraming,
    meters,
    clock,
    log,
    signal: stopping.signal,
    ...(line === undefined ? {} : { line }),
    ...(onServed === undefined ? {} : { onServed }),
    ...(onRequest === undefined ? {} : { onRequest }),
  })
  const { server, port, path, stop } = await open(options, bus)
  return {
    key,
    gateway,
    meters,
    port,
    path,
    load: () => line?.load,
    cutCable: (cut) => {
      bus.cut = cut
    },
    power: (on) => server?.power(on),
    stop: async () => {
      stopping.abort()
      await stop()
    },
  }
}
