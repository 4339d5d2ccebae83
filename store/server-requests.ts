import { Agent, request as httpRequest, type RequestOptions } from 'node:http'
import { Agent as TlsAgent, request as httpsRequest } from 'node:https'
import { urlToHttpOptions } from 'node:url'
import { Fault } from '#contract/fault.ts'

type Method = 'GET' | 'POST'

/** A server's whole answer, whatever its status: a redirection is an answer, and is not followed. */
export interface ServerAnswer {
  readonly status: number
  readonly body: string
}

export interface ServerRequestsOptions {
  /** http://host:port, without a path. */
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** Longest time from a request to the end of its answer. */
  readonly timeoutMs: number
}

/**
 * Posts to one server over kept connections: a body is one piece of memory, handed to the socket as it is. Once a kept
 * connection turns out to have died with the server's last life a request is made a second time, at once: what is
 * posted here does no more when it is done twice.
 */
export class ServerRequests {
  readonly #options: ServerRequestsOptions
  readonly #agent: Agent
  /** The server out of its URL, taken apart once. */
  readonly #place: RequestOptions
  #connections = 0

  constructor(options: ServerRequestsOptions) {
    this.#options = options
    const { protocol, hostname, port } = urlToHttpOptions(options.url)
    this.#place = { protocol, hostname, port }
    this.#agent =
      options.url.protocol === 'https:' ? new TlsAgent({ keepAlive: true }) : new Agent({ keepAlive: true })
  }

  /** How many connections have been made so far. */
  get connections(): number {
    return this.#connections
  }

  /** Throws `store-unavailable` where no whole answer comes in time. */
  post(
    path: string,
    body: string | Buffer,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ServerAnswer> {
    return this.#whole('POST', path, typeof body === 'string' ? Buffer.from(body) : body, headers)
  }

  /** Throws `store-unavailable` where no whole answer comes in time. */
  get(path: string): Promise<ServerAnswer> {
    return this.#whole('GET', path, Buffer.alloc(0), {})
  }

  async #whole(
    method: Method,
    path: string,
    body: Buffer,
    headers: Readonly<Record<string, string>>,
  ): Promise<ServerAnswer> {
    const signal = AbortSignal.timeout(this.#options.timeoutMs)
    try {
      return await this.#ask(method, path, body, headers, signal, true)
    } catch (cause) {
      throw this.unavailable(signal.aborted ? new Error('no answer in time', { cause }) : cause)
    }
  }

  /** The fault of a server that cannot be used, with its own words or those of the system. */
  unavailable(cause: unknown): Fault {
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
    const words = inner instanceof Error ? inner.message : String(inner)
    return new Fault('store-unavailable', `InfluxDB at ${this.#options.url.host}: ${words}`, { cause })
  }

  /** Lets go of the kept connections. */
  close(): void {
    this.#agent.destroy()
  }

  #ask(
    method: Method,
    path: string,
    body: Buffer,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    mayRepeat: boolean,
  ): Promise<ServerAnswer> {
    const options: RequestOptions = {
      ...this.#place,
      method,
      path,
      agent: this.#agent,
      headers: { ...this.#options.headers, ...headers, 'content-length': body.length },
      signal,
    }
    return new Promise((resolve, reject) => {
      const request = this.#options.url.protocol === 'https:' ? httpsRequest : httpRequest
      const outgoing = request(options, (response) => {
        const pieces: Buffer[] = []
        response.on('data', (piece: Buffer) => pieces.push(piece))
        response.once('error', reject)
        response.once('end', () => {
          const { statusCode: status } = response
          if (status === undefined || !response.complete) reject(new Error('the answer was cut short'))
          else resolve({ status, body: Buffer.concat(pieces).toString() })
        })
      })
      outgoing.once('error', (error: NodeJS.ErrnoException) => {
        const isStale = outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
        if (isStale && mayRepeat && !signal.aborted)
          resolve(this.#ask(method, path, body, headers, signal, false))
        else reject(error)
      })
      outgoing.once('socket', () => {
        if (!outgoing.reusedSocket) this.#connections += 1
      })
      outgoing.end(body)
    })
  }
}
