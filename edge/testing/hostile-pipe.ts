import type { BytePipe, OpenPipe, PipeListener } from '#edge/modbus/pipe.ts'
import type { HostileMeter } from './hostile-meter.ts'
import type { Wire } from './hostile-kinds.ts'
import type { SimulatedTime } from './simulated-time.ts'

/** One connection: what it carries, in which direction it is held back until when. */
interface Way {
  readonly listener: PipeListener
  heldMs: { requests: number; replies: number }
  muted: boolean
  /** It may hold a part of a frame. */
  spoiled: boolean
}

/**
 * What stands behind a pipe. A TCP server answers on the connection on which it was asked. A serial server passes on
 * what its line says to whoever is connected then, or connects next. A serial device loses what nobody reads.
 */
export type Behind = 'tcp' | 'serial server' | 'serial device'

/** A way to a hostile meter without sockets, in simulated time. */
export class HostilePipe implements Wire {
  readonly exact = true
  readonly #time: SimulatedTime
  readonly #meter: () => HostileMeter
  readonly #behind: Behind
  #way: Way | undefined
  #unread: Uint8Array[] = []
  #refusesUntilMs = 0
  /** Pieces that were sent and have not arrived. */
  #onTheirWay = 0
  connections = 0

  constructor(time: SimulatedTime, meter: () => HostileMeter, behind: Behind) {
    this.#time = time
    this.#meter = meter
    this.#behind = behind
  }

  readonly open: OpenPipe = (listener) => {
    if (this.#time.monotonicMs() < this.#refusesUntilMs) return Promise.reject(new Error('refused'))
    this.connections += 1
    const way: Way = { listener, heldMs: { requests: 0, replies: 0 }, muted: false, spoiled: false }
    this.#way = way
    for (const bytes of this.#unread) this.#deliver(way, bytes)
    this.#unread = []
    const pipe: BytePipe = {
      write: (bytes) => {
        const request = Uint8Array.from(bytes)
        this.#pass(way, 'requests', () => this.#meter().take(request, this))
      },
      close: () => {
        this.#leave(way)
        return Promise.resolve()
      },
    }
    return Promise.resolve(pipe)
  }

  send(afterMs: number, bytes: Uint8Array): void {
    const way = this.#way
    this.#onTheirWay += 1
    const arrived = (): void => {
      this.#onTheirWay -= 1
    }
    this.#time.after(afterMs, () => {
      const now = this.#behind === 'tcp' ? way : this.#way
      if (now !== undefined) return this.#deliver(now, bytes, arrived)
      arrived()
      if (this.#behind === 'serial server') this.#unread.push(bytes)
    })
  }

  get alone(): boolean {
    return this.#onTheirWay === 0 && this.#way?.spoiled === false
  }

  spoil(): void {
    if (this.#way !== undefined) this.#way.spoiled = true
  }

  close(afterMs: number): void {
    const way = this.#way
    this.#time.after(afterMs, () => {
      if (way === undefined || this.#way !== way) return
      this.#pass(way, 'replies', () => {
        this.#leave(way)
        way.listener.closed(new Error('reset'))
      })
    })
  }

  refuse(forMs: number): void {
    this.#refusesUntilMs = this.#time.monotonicMs() + forMs
    this.close(0)
  }

  mute(): void {
    if (this.#way !== undefined) this.#way.muted = true
  }

  stall(direction: 'requests' | 'replies', forMs: number): void {
    if (this.#way !== undefined) this.#way.heldMs[direction] = this.#time.monotonicMs() + forMs
  }

  #leave(way: Way): void {
    if (this.#way === way) this.#way = undefined
    way.muted = true
  }

  #deliver(way: Way, bytes: Uint8Array, arrived?: () => void): void {
    this.#pass(way, 'replies', () => way.listener.received(bytes), arrived)
  }

  /** Lets something pass when the way is free again, in the order in which it was sent; never on a way that ended. */
  #pass(way: Way, direction: 'requests' | 'replies', act: () => void, arrived?: () => void): void {
    const waitMs = Math.max(0, way.heldMs[direction] - this.#time.monotonicMs())
    this.#time.after(waitMs, () => {
      arrived?.()
      if (!way.muted) act()
    })
  }
}
