import { connect } from 'node:net'
import type { OpenPipe } from './pipe.ts'

/** Idle time before the system probes the peer. */
const KEEP_ALIVE_MS = 30_000

/**
 * Where all sockets read into, one after the other; each hands on a copy of what came. A stream of Node's would take
 * 64 kB from the system for every answer of some hundred bytes.
 */
const arrivals = Buffer.allocUnsafe(8_192)

/**
 * Connections to a TCP server. With `discardUnsent` closing is a reset: requests that the network still holds back are
 * never delivered.
 */
export function socketPipe(host: string, port: number, { discardUnsent = false } = {}): OpenPipe {
  return (listener, signal) =>
    new Promise((resolve, reject) => {
      const socket = connect({
        host,
        port,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: KEEP_ALIVE_MS,
        onread: {
          buffer: arrivals,
          callback: (bytes) => {
            listener.received(Buffer.from(arrivals.subarray(0, bytes)))
            return true
          },
        },
      })
      const giveUp = (): void => void socket.destroy()
      let connected = false
      let reason: unknown
      signal.addEventListener('abort', giveUp, { once: true })
      socket.once('connect', () => {
        signal.removeEventListener('abort', giveUp)
        connected = true
        resolve({
          write: (bytes) => void socket.write(bytes),
          close: () => {
            if (discardUnsent) socket.resetAndDestroy()
            else socket.destroy()
            return Promise.resolve()
          },
        })
      })
      socket.on('error', (error) => {
        reason = error
      })
      // The peer's half-close ends the connection: a meter that will not answer has no use for our requests.
      socket.on('end', () => socket.destroy())
      socket.on('close', () => {
        if (connected) listener.closed(reason)
        else reject(reason instanceof Error ? reason : new Error('closed before it was connected'))
      })
      if (signal.aborted) giveUp()
    })
}
