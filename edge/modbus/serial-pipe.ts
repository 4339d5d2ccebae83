import { EventEmitter } from 'node:events'
import type { SerialSettings } from '#firmware-config/gateway.ts'
import type { OpenPipe } from './pipe.ts'

/**
 * serialport 13.0.0 says from native code that bytes can be read, and does not run the promises that wait for it: they
 * were read only when something else happened, up to a whole timeout late. An immediate is something else.
 */
function wakeReader(binding: object | undefined): void {
  if (binding === undefined || !('poller' in binding) || !(binding.poller instanceof EventEmitter)) return
  binding.poller.on('readable', () => setImmediate(() => undefined))
}

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
    wakeReader(port.port)
    port.on('data', (chunk: Uint8Array) => listener.received(chunk))
    port.on('error', (error) => {
      reason = error
      void close()
    })
    port.on('close', (error: unknown) => listener.closed(error ?? reason))
    return { write: (bytes) => void port.write(bytes), close }
  }
}
