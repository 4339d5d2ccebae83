import { createServer, type IncomingMessage } from 'node:http'

/** A small HTTP server that keeps what it was asked and answers as a test says, for what no real server does on demand. */
export interface RecordedRequest {
  readonly method: string
  /** Path and query as they came. */
  readonly target: URL
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Answer {
  readonly status: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Cuts the connection after this body, though more was announced. */
  readonly cut?: boolean
}

export interface RecordingServer {
  readonly url: URL
  readonly requests: RecordedRequest[]
  close(): Promise<void>
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}

/** Starts it on a free port of the loopback. Without an answer the connection is cut. */
export async function startRecordingServer(
  answer: (request: RecordedRequest) => Answer | undefined,
): Promise<RecordingServer> {
  const requests: RecordedRequest[] = []
  const server = createServer((incoming, response) => {
    void textOf(incoming).then((body) => {
      const request = {
        method: incoming.method ?? '',
        target: new URL(incoming.url ?? '/', 'http://recorded'),
        headers: incoming.headers,
        body,
      }
      requests.push(request)
      const given = answer(request)
      if (given === undefined) incoming.socket.destroy()
      else if (given.cut === true) {
        response.writeHead(given.status, { ...given.headers, 'content-length': '1000000' })
        response.write(given.body ?? '', () => incoming.socket.destroy())
      } else response.writeHead(given.status, given.headers).end(given.body)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: new URL(`http://127.0.0.1:${address.port}`),
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
