import { SerialPort } from 'serialport'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import type { SerialSettings } from '#firmware-config/gateway.ts'
import { Conversation } from './conversation.ts'
import type { MeterBus, SimulationLog } from './meter-bus.ts'
import { promptDevice } from './serial-descriptor.ts'

/** Meters on a serial port: a real one, or an end of a pair of pseudo-terminals. */
export interface SerialBus {
  /** Closes the port. */
  stop(): Promise<void>
}

export interface SerialBusOptions {
  readonly path: string
  readonly settings: SerialSettings
  readonly bus: MeterBus
  readonly clock: Clock
  readonly log: SimulationLog
}

/** Opens the device. Throws `serial-device-unusable`. */
export async function startSerialBus(options: SerialBusOptions): Promise<SerialBus> {
  const { path, settings, bus, clock, log } = options
  const port = new SerialPort({ path, ...settings, dataBits: 8, autoOpen: false })
  await new Promise<void>((resolve, reject) => {
    port.open((cause) => {
      if (cause === null || cause === undefined) resolve()
      else {
        reject(
          new Fault('serial-device-unusable', `${path} cannot be opened: ${cause.message}`, {
            place: { path },
            cause,
          }),
        )
      }
    })
  })
  const conversation = new Conversation(bus, clock, (frame) => {
    if (port.isOpen) device.write(frame)
  })
  const device = promptDevice(port, (bytes) => {
    conversation.hear(Buffer.from(bytes))
  })
  port.on('error', (error: Error) => {
    log.error({ err: error, path }, 'the serial port of simulated meters failed')
  })
  port.on('close', (error: Error | null | undefined) => {
    if (error instanceof Error) log.error({ err: error, path }, 'the serial port of simulated meters is gone')
  })
  return {
    stop: () =>
      new Promise((resolve) => {
        if (!port.isOpen) return resolve()
        port.close(() => {
          resolve()
        })
      }),
  }
}
