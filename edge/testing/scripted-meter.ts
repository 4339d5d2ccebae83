import { createServer, type Server, type Socket } from 'node:net'
import { rtu, wordsPdu } from './hostile-framing.ts'
import { Requests } from './requests.ts'

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

/** The right answer to an RTU request, registers likewise. */
export function honestRtuReply(request: Buffer): Buffer {
  const [unit = 0, functionCode = 0] = request
  const first = request.readUInt16BE(2)
  const words = Array.from({ length: request.readUInt16BE(4) }, (_, index) => first + index)
  return Buffer.from(rtu.frame(0, unit, wordsPdu(functionCode, words)))
}

export const honest: Script = (request, socket) => void socket.write(honestReply(request))

/**
 * A TCP server on the loopback that follows its scripts in order, and is honest when they are used up. Requests
 * are of Modbus TCP, or those of RTU with 8 bytes; it cannot speak RTU by itself.
 */
export class ScriptedMeter {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly scripts: Script[] = []
  readonly requests: Buffer[] = []
  /** What it does when no script is left. */
  otherwise: Script = honest
  connections = 0
  /** Connections beyond these are refused, as by the many devices that take only one. */
  connectionsMax = Number.POSITIVE_INFINITY

  constructor(requestBytes = 12) {
    this.#server = createServer((socket) => {
      this.connections += 1
      if (this.#sockets.size >= this.connectionsMax) {
        socket.destroy()
        return
      }
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => undefined)
      const requests = new Requests(requestBytes)
      socket.on('data', (chunk) => {
        for (const request of requests.take(Buffer.from(chunk))) {
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
