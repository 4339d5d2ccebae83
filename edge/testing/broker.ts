import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { Aedes } from 'aedes'

/** A message that a gateway published, as a server would see it. */
export interface Published {
  readonly topic: string
  readonly payload: Buffer
  readonly retain: boolean
}

/** A real broker (aedes, memory only) on a port of the loopback, that can be cut off and started again there. */
export class TestBroker {
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #aedes: Aedes | undefined
  #port = 0
  /** Called with each message of a gateway. */
  heard: (message: Published) => void = () => undefined
  /** True for messages that it does not take: it ends their connection. */
  breaksAt: (payload: Buffer | string) => boolean = () => false
  /** CONNACK code with which clients are refused, if they are. */
  refuseWith: 3 | 5 | undefined
  refusals = 0

  get url(): string {
    return `mqtt://127.0.0.1:${this.#port}`
  }

  async start(): Promise<void> {
    const aedes = await Aedes.createBroker({
      authorizePublish: (_client, { payload }, done) =>
        done(this.breaksAt(payload) ? new Error('a message that is not taken') : null),
      authenticate: (_client, _username, _password, done) => {
        if (this.refuseWith === undefined) return done(null, true)
        this.refusals += 1
        const refusal = Object.assign(new Error('refused'), { returnCode: this.refuseWith })
        done(refusal, null)
      },
    })
    aedes.on('publish', ({ topic, payload, retain }) => {
      if (topic.includes('/up/')) this.heard({ topic, payload: Buffer.from(payload), retain })
    })
    const server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      aedes.handle(socket)
    })
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve))
    const address: AddressInfo | string | null = server.address()
    if (address !== null && typeof address !== 'string') this.#port = address.port
    this.#server = server
    this.#aedes = aedes
  }

  /** Connections that stand. */
  get connections(): number {
    return this.#sockets.size
  }

  publish(topic: string, payload: string | Buffer, retain = false): void {
    this.#aedes?.publish({ cmd: 'publish', qos: 1, dup: false, retain, topic, payload }, () => undefined)
  }

  /** Resets all connections; the broker itself goes on. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** As a power cut of the broker: connections are reset, everything it knew is gone. */
  async kill(): Promise<void> {
    const server = this.#server
    const aedes = this.#aedes
    this.#server = undefined
    this.#aedes = undefined
    this.cut()
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())))
    await new Promise<void>((resolve) => (aedes === undefined ? resolve() : aedes.close(() => resolve())))
  }
}
