import { describe, expect, it } from 'vitest'
import { KeptWrites } from './kept-writes.ts'

/** A server of which one can say when it was started. */
function pretended(bytesMax?: number) {
  const written: string[] = []
  const server = {
    started: 'first',
    fails: false,
    asked: 0,
    nowMs: 0,
    onWriteAgain: (_text: string): void => {},
  }
  const kept = new KeptWrites({
    serverStart: async () => {
      server.asked += 1
      return server.started
    },
    writeAgain: async (body) => {
      if (server.fails) throw new Error('away')
      written.push(body.toString())
      server.onWriteAgain(body.toString())
    },
    monotonicMs: () => server.nowMs,
    ...(bytesMax === undefined ? {} : { bytesMax }),
  })
  const taken = (text: string, connections: number): Promise<void> =>
    kept.taken(Buffer.from(text), connections)
  return { server, written, taken }
}

describe('Kept writes', () => {
  it('are written again once a server was started anew, and not for another connection alone', async () => {
    const { server, written, taken } = pretended()
    await taken('a', 1)
    await taken('b', 1)
    await taken('c', 2)
    expect([written, server.asked]).toEqual([[], 2])
    server.started = 'second'
    await taken('d', 3)
    expect(written).toEqual(['a', 'b', 'c', 'd'])
    await taken('e', 3)
    expect(written).toHaveLength(4)
  })

  it('are written again behind a proxy too, whose connections outlive the server', async () => {
    const { server, written, taken } = pretended()
    await taken('a', 1)
    server.started = 'second'
    server.nowMs += 999
    await taken('b', 1)
    expect(written).toEqual([])
    server.nowMs += 1
    await taken('c', 1)
    expect(written).toEqual(['a', 'b', 'c'])
  })

  it('are tried again until they are written: nobody is told before', async () => {
    const { server, written, taken } = pretended()
    await taken('a', 1)
    server.started = 'second'
    server.fails = true
    await expect(taken('b', 2)).rejects.toThrow('away')
    server.fails = false
    await taken('c', 2)
    expect(written).toEqual(['a', 'b', 'c'])
  })

  it('are written once where two are taken at the same time', async () => {
    const { server, written, taken } = pretended()
    await taken('a', 1)
    server.started = 'second'
    await Promise.all([taken('b', 2), taken('c', 2)])
    expect(written.filter((text) => text === 'a')).toEqual(['a'])
  })

  it('are written again in their order, and what is taken meanwhile once more at the end: the newest stands', async () => {
    const { server, written, taken } = pretended()
    await taken('a', 1)
    server.started = 'second'
    const meanwhile: Promise<void>[] = []
    server.onWriteAgain = (text) => {
      if (text === 'a') meanwhile.push(taken('correction of a', 2))
    }
    await taken('b', 2)
    await Promise.all(meanwhile)
    expect(written).toEqual(['a', 'b', 'correction of a'])
  })

  it('are bounded: the oldest go', async () => {
    const { server, written, taken } = pretended(10)
    for (const text of ['aaaa', 'bbbb', 'cccc']) await taken(text, 1)
    server.started = 'second'
    await taken('d', 2)
    expect(written).toEqual(['bbbb', 'cccc', 'd'])
  })
})
