import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ServerBench } from './server.test-support.ts'

let bench: ServerBench
let socket: Socket | undefined
beforeEach(async () => {
  bench = new ServerBench()
  await bench.start({ requestMsMax: 200 })
})
afterEach(async () => {
  socket?.destroy()
  await bench.stop()
})

/** Begins a request that never becomes whole. Everything that the server says until it closes the connection. */
async function saidTo(beginning: string): Promise<string> {
  const { port } = new URL(bench.server.url)
  const open = connect(Number(port), '127.0.0.1')
  socket = open
  let said = ''
  open.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  await once(open, 'connect')
  open.write(beginning)
  await once(open, 'close')
  return said
}

test('who sends the head of a request and never its end is told so and cut off', async () => {
  expect(await saidTo('GET /api/park HTTP/1.1\r\nHost: localhost\r\n')).toMatch(/^HTTP\/1\.1 408 /)
})

test('who announces a body and sends a part of it is told so and cut off', async () => {
  const head =
    'POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500'
  expect(await saidTo(`${head}\r\n\r\n{"name":`)).toMatch(/^HTTP\/1\.1 408 /)
})

test('a whole request is answered however late the next one comes, and a live stream goes on', async () => {
  const stream = await bench.listen()
  expect((await stream.next()).name).toBe('snapshot')
  // Two connections are cut off meanwhile: the time has passed more than once.
  await saidTo('GET /api/park HTTP/1.1\r\n')
  await saidTo('GET /api/park HTTP/1.1\r\n')
  bench.server.noticeCommits([])
  expect((await fetch(`${bench.server.url}/api/park`)).status).toBe(200)
  stream.close()
})
