import { createServer, request, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** An HTTP relay in front of a real server, that answers in its place or late, as a test says. */
export interface HttpRelay {
  readonly url: URL
  /** The answer in place of the server's; `undefined` lets the request through. */
  answer: (method: string, path: string) => { readonly status: number; readonly body: string } | undefined
  /** Before a request goes on. */
  delayMs: number
  /** Requests that came, by path. */
  readonly seen: Map<string, number>
  close(): Promise<void>
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

/** Starts it on a free port, towards a port of this machine. */
export async function startHttpRelay(target: number): Promise<HttpRelay> {
  const seen = new Map<string, number>()
  const server = createServer((incoming, response) => {
    void (async () => {
      const method = incoming.method ?? 'GET'
      const path = incoming.url ?? '/'
      const [name = ''] = path.split('?')
      seen.set(name, (seen.get(name) ?? 0) + 1)
      const body = await bodyOf(incoming)
      await sleep(relay.delayMs)
      const instead = relay.answer(method, path)
      if (instead !== undefined) return response.writeHead(instead.status).end(instead.body)
      const { headers } = incoming
      const onward = request({ host: '127.0.0.1', port: target, method, path, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      onward.once('error', () => incoming.socket.destroy())
      return onward.end(body)
    })().catch(() => incoming.socket.destroy())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const relay: HttpRelay = {
    url: new URL(`http://127.0.0.1:${address.port}`),
    answer: () => undefined,
    delayMs: 0,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return relay
}
