import { createServer, type Server, type Socket } from 'node:net'
import type { BytePipe } from '#edge/modbus/pipe.ts'
import type { HostileMeter } from './hostile-meter.ts'
import type { Wire } from './hostile-kinds.ts'
import { Requests } from './requests.ts'

/** What is still to be done. */
class Intentions {
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #waiting: (() => void)[] = []

  later(afterMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      act()
      if (this.#timers.size === 0) for (const done of this.#waiting.splice(0)) done()
    }, afterMs)
    this.#timers.add(timer)
  }

  /** Resolves when nothing is left to be done. */
  done(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#timers.size === 0) resolve()
      else this.#waiting.push(resolve)
    })
  }

  giveUp(): void {
    for (const timer of this.#timers) clearTimeout(timer)
  }
}

/** What hostility needs of a real way; a way that cannot do a thing is never asked to. */
function wireOf(intentions: Intentions, write: (bytes: Uint8Array) => void, end: () => void): Wire {
  return {
    send: (afterMs, bytes) => intentions.later(afterMs, () => write(bytes)),
    close: (afterMs) => intentions.later(afterMs, end),
    refuse: end,
    exact: false,
    // One thing at a time is asked over these ways.
    alone: true,
    spoil: () => undefined,
    mute: () => {
      throw new Error('a real socket cannot be muted here')
    },
    stall: () => {
      throw new Error('a real socket cannot be stalled here')
    },
  }
}

/** A hostile meter on a real socket of the loopback. */
export class HostileListener {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #intentions = new Intentions()

  constructor(meter: () => HostileMeter, requestBytes: number, resets: () => boolean) {
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => undefined)
      const requests = new Requests(requestBytes)
      const wire = wireOf(
        this.#intentions,
        (bytes) => void (socket.writable && socket.write(bytes)),
        () => void (resets() ? socket.resetAndDestroy() : socket.end()),
      )
      socket.on('data', (chunk) => {
        for (const request of requests.take(Buffer.from(chunk))) meter().take(request, wire)
      })
    })
  }

  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(0, '127.0.0.1', () => {
        const address = this.#server.address()
        if (address === null || typeof address === 'string') reject(new Error('no port'))
        else resolve(address.port)
      })
    })
  }

  /** Resolves when all was sent that was meant to be. */
  quiet(): Promise<void> {
    return this.#intentions.done()
  }

  close(): Promise<void> {
    this.#intentions.giveUp()
    for (const socket of this.#sockets) socket.destroy()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}

/** Hostile meters at the other end of a serial line; `received` is to be called with what comes from there. */
export function hostileSerial(
  meter: () => HostileMeter,
  pipe: () => BytePipe,
  requestBytes: number,
): { received(bytes: Uint8Array): void; quiet(): Promise<void>; stop(): void } {
  const intentions = new Intentions()
  const requests = new Requests(requestBytes)
  const wire = wireOf(
    intentions,
    (bytes) => pipe().write(bytes),
    () => {
      throw new Error('a serial line has no end')
    },
  )
  return {
    received: (bytes) => {
      for (const request of requests.take(bytes)) meter().take(request, wire)
    },
    quiet: () => intentions.done(),
    stop: () => intentions.giveUp(),
  }
}
