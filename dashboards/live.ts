import type { ServerResponse } from 'node:http'
import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import type { Park } from '#contract/park.ts'
import type { LiveGateway, LiveMeter, Overview } from './api/shapes.ts'

/** Changes that come within this time travel together. */
const COALESCE_MS = 50
/**
 * Between two changes lies at least so much, and so many times what the last one took to make and send: but never so long
 * that a new value is a second old before it is on a screen, whatever else this process does meanwhile.
 */
const SPACING_MS = 100
const REST_TIMES = 9
const REST_MS_MAX = 300
/** Silence comes by the passing of time alone, so it is looked for at this pace. */
const WATCH_MS = 1_000
/** A viewer that hears nothing for longer than two of these may say that the stream is broken. */
const HEARTBEAT_MS = 10_000
/** Screens of one park; each costs a socket and one write per change. */
const VIEWERS_MAX = 200
/** Of these those of one enterprise: none may leave the others, or the park, without a place. */
const VIEWERS_OF_PART_MAX = 20
/** Places that are for the whole park alone. */
const VIEWERS_OF_PARK_KEPT = 40
/** What may wait in a viewer's socket: a few snapshots of a large park. Beyond it the viewer is too slow and is dropped. */
const PENDING_BYTES_MAX = 4 * 1024 * 1024
/** Time after which a viewer's browser connects again. */
const RECONNECT_MS = 2_000

interface StreamSources {
  readonly clock: Clock
  readonly log: FastifyBaseLogger
  readonly view: () => Overview
  /** Brings what was touched up to date; called before a change is sent. */
  readonly catchUp: () => Promise<void>
}

const eventText = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`

/** All of a meter that is worth sending again; its age is not. */
function meterSignature({ state, cause, power, register, today }: LiveMeter): string {
  const values = [power, register].map((value) => `${value?.atMs} ${value?.fresh} ${value?.quality}`)
  return [state, cause, ...values, today.total, today.known, today.missing, today.pending].join('|')
}

function gatewaySignature({ gateway, state, why, waitingRows }: LiveGateway): string {
  return [gateway, state, why, waitingRows].join('|')
}

/**
 * Server-sent events: a snapshot on connecting, then the meters that changed, and a heartbeat.
 * Viewers are bounded in number and in what waits for them; a slow one is dropped and may come again.
 */
class LiveStream {
  readonly #sources: StreamSources
  /** Each with the question whether it may still look. */
  readonly #viewers = new Map<ServerResponse, () => boolean>()
  readonly #stopping = new AbortController()
  readonly #tasks = new Set<Promise<void>>()
  #sent = new Map<string, string>()
  #scheduled = false
  /** When the next change may be made. */
  #restUntilMs = -Infinity

  constructor(sources: StreamSources) {
    this.#sources = sources
    this.#run(this.#watch())
  }

  get viewers(): number {
    return this.#viewers.size
  }

  /** Takes over a response and keeps it open for as long as its viewer may look. */
  accept(response: ServerResponse, headers: Readonly<Record<string, string>>, mayLook: () => boolean): void {
    const snapshot = eventText('snapshot', this.#sources.view())
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Proxies that gather answers would turn a live stream into a late one.
      'x-accel-buffering': 'no',
    })
    response.once('close', () => this.#viewers.delete(response))
    response.on('error', (error) => this.#sources.log.debug({ err: error }, 'a viewer left'))
    this.#viewers.set(response, mayLook)
    this.#write(response, `retry: ${RECONNECT_MS}\n\n${snapshot}`)
  }

  /** Something was committed or said: a change follows soon. */
  notice(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#run(this.#flushSoon())
  }

  /** Ends all streams and waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopping'))
    for (const viewer of this.#viewers.keys()) viewer.end()
    await Promise.all(this.#tasks)
  }

  #run(task: Promise<void>): void {
    const tracked = task.catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) this.#sources.log.error({ err: error }, 'the live stream failed')
    })
    this.#tasks.add(tracked)
    void tracked.finally(() => this.#tasks.delete(tracked))
  }

  async #flushSoon(): Promise<void> {
    try {
      const { clock } = this.#sources
      const restMs = this.#restUntilMs - clock.monotonicMs()
      await clock.sleep(Math.max(COALESCE_MS, restMs), this.#stopping.signal)
    } finally {
      this.#scheduled = false
    }
    await this.#flush()
  }

  async #watch(): Promise<void> {
    const { clock, log } = this.#sources
    let heardMs = clock.monotonicMs()
    for (;;) {
      await clock.sleep(WATCH_MS, this.#stopping.signal)
      try {
        await this.#flush()
      } catch (error) {
        log.error({ err: error }, 'the live view could not be made; trying again')
      }
      if (clock.monotonicMs() - heardMs >= HEARTBEAT_MS) {
        heardMs = clock.monotonicMs()
        this.#endThoseShutOut()
        this.#broadcast(eventText('tick', { nowMs: clock.wallMs() }))
      }
    }
  }

  /** Who signed out, was shut out or had another role since: its browser asks again, and is told. */
  #endThoseShutOut(): void {
    for (const [viewer, mayLook] of this.#viewers) {
      if (mayLook()) continue
      this.#viewers.delete(viewer)
      viewer.end()
    }
  }

  async #flush(): Promise<void> {
    const { clock, catchUp } = this.#sources
    await catchUp()
    if (this.#viewers.size === 0) return
    const startedMs = clock.monotonicMs()
    this.#sendChanges()
    const endedMs = clock.monotonicMs()
    this.#restUntilMs =
      endedMs + Math.min(REST_MS_MAX, Math.max(SPACING_MS, REST_TIMES * (endedMs - startedMs)))
  }

  #sendChanges(): void {
    const view = this.#sources.view()
    const signatures = new Map<string, string>([
      ...view.meters.map((meter) => [`meter ${meter.meter}`, meterSignature(meter)] as const),
      ...view.gateways.map((gateway) => [`gateway ${gateway.gateway}`, gatewaySignature(gateway)] as const),
    ])
    const changed = (key: string): boolean => signatures.get(key) !== this.#sent.get(key)
    const meters = view.meters.filter(({ meter }) => changed(`meter ${meter}`))
    if (meters.length > 0 || view.gateways.some(({ gateway }) => changed(`gateway ${gateway}`))) {
      this.#broadcast(eventText('change', { ...view, meters }))
    }
    this.#sent = signatures
  }

  #broadcast(text: string): void {
    // Made into bytes once, not for each viewer.
    const bytes = Buffer.from(text)
    for (const viewer of this.#viewers.keys()) this.#write(viewer, bytes)
  }

  #write(viewer: ServerResponse, text: string | Buffer): void {
    if (viewer.writableLength > PENDING_BYTES_MAX) {
      this.#sources.log.warn({ pendingBytes: viewer.writableLength }, 'a viewer was too slow and is dropped')
      this.#viewers.delete(viewer)
      viewer.destroy()
      return
    }
    viewer.write(text)
  }
}

interface LiveSources extends Omit<StreamSources, 'view'> {
  readonly park: Park
  /** The overview of a park, or of the part of it that a viewer sees. */
  readonly view: (park: Park) => Overview
}

/**
 * Live streams of the park and of its parts, one for each that somebody watches. That of the whole park is there from the
 * beginning, because it brings up to date what is asked for without a stream.
 */
export class LiveStreams {
  readonly #sources: LiveSources
  readonly #streams = new Map<Park, LiveStream>()

  constructor(sources: LiveSources) {
    this.#sources = sources
    this.#streamOf(sources.park)
  }

  #streamOf(park: Park): LiveStream {
    const { view, ...sources } = this.#sources
    const stream = this.#streams.get(park) ?? new LiveStream({ ...sources, view: () => view(park) })
    this.#streams.set(park, stream)
    return stream
  }

  /**
   * Takes over a response and keeps it open for as long as its viewer may look, which is asked with every heartbeat.
   * Throws `viewers-full` before anything is written.
   */
  accept(
    park: Park,
    response: ServerResponse,
    headers: Readonly<Record<string, string>>,
    mayLook: () => boolean,
  ): void {
    const viewers = [...this.#streams.values()].reduce((total, stream) => total + stream.viewers, 0)
    const isPart = park !== this.#sources.park
    const places = isPart ? VIEWERS_MAX - VIEWERS_OF_PARK_KEPT : VIEWERS_MAX
    const stream = this.#streamOf(park)
    if (viewers >= places || (isPart && stream.viewers >= VIEWERS_OF_PART_MAX)) {
      const own = isPart ? stream.viewers : viewers
      throw new Fault('viewers-full', `${own} screens are connected already.`)
    }
    stream.accept(response, headers, mayLook)
  }

  /** Something was committed or said: a change follows soon. */
  notice(): void {
    for (const stream of this.#streams.values()) stream.notice()
  }

  /** Ends all streams and waits for what is under way. */
  async stop(): Promise<void> {
    await Promise.all([...this.#streams.values()].map((stream) => stream.stop()))
  }
}
