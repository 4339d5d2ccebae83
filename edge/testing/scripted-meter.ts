import { createServer, type Server, type Socket } from 'node:net'

/** What a scripted meter does with one request: its bytes and the connection it came on. */
export type Script = (request: Buffer, socket: Socket) => void

/** The right answer: registers that say their own address. */
export function honestReply(request: Buffer): Buffer {
  const first = request.readUInt16BE(8)
  const quantity = request.readUInt16BE(10)
  const reply = Buffer.alloc(9 + 2 * quantity)
  request.copy(reply, 0, 0, 4)
  reply.writeUInt16BE(3 + 2 * quantity, 4)
  request.copy(reply, 6, 6, 8)
  reply.writeUInt8(2 * quantity, 8)
  for (let index = 0; index < quantity; index += 1) reply.writeUInt16BE(first + index, 9 + 2 * index)
  return reply
}

export const honest: Script = (request, socket) => void socket.write(honestReply(request))

/** A TCP server on the loopback that follows its scripts in order, and is honest when they are used up. */
export class ScriptedMeter {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly scripts: Script[] = []
  readonly requests: Buffer[] = []
  /** What it does when no script is left. */
  otherwise: Script = honest
  connections = 0

  constructor() {
    this.#server = createServer((socket) => {
      this.connections += 1
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => undefined)
      let received = Buffer.alloc(0)
      socket.on('data', (chunk) => {
        received = Buffer.concat([received, Buffer.from(chunk)])
        while (received.length >= 12) {
          const request = received.subarray(0, 12)
          received = received.subarray(12)
          this.requests.push(request)
          const script = this.scripts.shift() ?? this.otherwise
          script(request, socket)
        }
      })
    })
  }

  listen(port = 0): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, '127.0.0.1', () => {
        const address = this.#server.address()
        if (address === null || typeof address === 'string') reject(new Error('no port'))
        else resolve(address.port)
      })
    })
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}
