import { EventEmitter } from 'node:events'
import { readSync, writeSync } from 'node:fs'
import type { SerialPort } from 'serialport'

/** The longest frame of a serial line has 256 bytes; drivers hand over what they have. */
const READ_BYTES = 4_096

interface Binding {
  readonly descriptor: number
  readonly poller: EventEmitter
}

/** The open device behind a port, where the library keeps one; undefined on systems where it works otherwise. */
function bindingOf(port: SerialPort): Binding | undefined {
  const binding: object | undefined = port.port
  if (binding === undefined || !('poller' in binding) || !(binding.poller instanceof EventEmitter))
    return undefined
  const descriptor = 'fd' in binding && typeof binding.fd === 'number' ? binding.fd : undefined
  return descriptor === undefined ? undefined : { descriptor, poller: binding.poller }
}

/**
 * Reads and writes the device of an open port in the very turn in which it is ready. serialport 13.0.0 gives each read and
 * write to another thread and waits for it, some milliseconds an exchange on a busy machine in which the line is idle; and
 * it says from native code that bytes can be read, without running the promises that wait for it: an immediate runs them.
 * The device is opened not to block, so nothing here waits. What does not go at once is left to the library, which still
 * notices all that goes wrong.
 *
 * `simulators/serial-descriptor.ts` is the same, on purpose: a gateway and the meters that it is tested with share no code
 * but the language they speak, and what both rooms may import opens no device.
 */
export function promptDevice(
  port: SerialPort,
  received: (bytes: Uint8Array) => void,
): { write(bytes: Uint8Array): void } {
  const binding = bindingOf(port)
  port.on('data', received)
  if (binding === undefined) return { write: (bytes) => void port.write(bytes) }
  const { descriptor, poller } = binding
  const buffer = Buffer.alloc(READ_BYTES)
  poller.on('readable', (error: unknown) => {
    setImmediate(() => undefined)
    if (error instanceof Error || !port.isOpen) return
    const count = tried(() => readSync(descriptor, buffer))
    if (count > 0) received(Uint8Array.prototype.slice.call(buffer, 0, count))
  })
  return {
    write: (bytes) => {
      const count = port.isOpen ? tried(() => writeSync(descriptor, bytes)) : 0
      if (count < bytes.length) port.write(bytes.subarray(count))
    },
  }
}

/** Bytes that were moved; none where the device has to be waited for, or is gone: the library finds out which. */
function tried(move: () => number): number {
  try {
    return move()
  } catch {
    return 0
  }
}
