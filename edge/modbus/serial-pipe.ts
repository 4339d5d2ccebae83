import type { SerialSettings } from '#firmware-config/gateway.ts'
import type { OpenPipe } from './pipe.ts'
import { promptDevice } from './serial-descriptor.ts'

/**
 * Serial devices. The library is loaded when the first one is opened, so that a gateway without serial lines runs where
 * its native binding does not. A device that another program has locked is refused (flock on Linux).
 */
export function serialPipe(path: string, settings: SerialSettings): OpenPipe {
  return async (listener, signal) => {
    const { SerialPort } = await import('serialport')
    signal.throwIfAborted()
    const { baudRate, parity, stopBits } = settings
    const port = new SerialPort({ path, baudRate, parity, stopBits, dataBits: 8, autoOpen: false })
    const closed = new Promise<void>((resolve) => port.once('close', () => resolve()))
    const close = async (): Promise<void> => {
      if (!port.isOpen) return
      if (!port.closing) port.close()
      await closed
    }
    let reason: unknown
    await new Promise<void>((resolve, reject) => {
      port.open((error) => (error === null || error === undefined ? resolve() : reject(error)))
    })
    if (signal.aborted) {
      // Opening cannot be interrupted; what it brought is given back.
      await close()
      signal.throwIfAborted()
    }
    const device = promptDevice(port, (bytes) => listener.received(bytes))
    port.on('error', (error) => {
      reason = error
      void close()
    })
    port.on('close', (error: unknown) => listener.closed(error ?? reason))
    return { write: (bytes) => device.write(bytes), close }
  }
}
