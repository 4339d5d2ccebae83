import { Agent, request } from 'node:http'

/** Posts lines to an InfluxDB over two kept connections, and nothing else: no check of anything but the status. */
export class LinePosts {
  readonly connections = 2
  readonly #url: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: this.connections })

  constructor(url: string) {
    this.#url = url
  }

  /** Throws for any answer but 204. */
  post(body: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const outgoing = request(this.#url, { method: 'POST', agent: this.#agent }, (response) => {
        response.resume()
        response.once('end', () => {
          if (response.statusCode === 204) resolve()
          else reject(new Error(`InfluxDB answered ${response.statusCode}`))
        })
      })
      outgoing.once('error', reject)
      outgoing.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
