import { Agent, request } from 'node:http'

/** Posts lines to an InfluxDB over two kept connections, and nothing else: no check of anything but the status. */
export class LinePosts {
  readonly connections = 2
  readonly #url: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: this.connections })

  constructor(url: string) {
    this.#url = url
  }

  /** Posts pieces as one request, without putting them together. Throws for any answer but 204. */
  post(...pieces: readonly Buffer[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
      const headers = { 'content-length': length }
      const outgoing = request(this.#url, { method: 'POST', agent: this.#agent, headers }, (response) => {
        response.resume()
        response.once('end', () => {
          if (response.statusCode === 204) resolve()
          else reject(new Error(`InfluxDB answered ${response.statusCode}`))
        })
      })
      outgoing.once('error', reject)
      outgoing.cork()
      for (const piece of pieces) outgoing.write(piece)
      outgoing.end()
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
