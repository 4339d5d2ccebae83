import { Writable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { answerTogether } from './answers-together.ts'

/** A connection that tells what it sends as one piece. */
function connection(): { readonly pieces: string[]; readonly writable: Writable } {
  const pieces: string[] = []
  const writable = new Writable({
    decodeStrings: false,
    writev: (chunks, done) => {
      pieces.push(chunks.map(({ chunk }) => String(chunk)).join(''))
      done()
    },
  })
  return { pieces, writable }
}

describe('answers of a connection', () => {
  it('go out as one piece, also those that a message has written in its own turn', async () => {
    const { pieces, writable } = connection()
    for (const answer of ['a', 'b', 'c']) {
      answerTogether(writable)
      setImmediate(() => writable.write(answer))
    }
    while (pieces.length === 0) await nextTurn()
    expect(pieces).toEqual(['abc'])
  })

  it('are not held back for others that come later', async () => {
    const { pieces, writable } = connection()
    for (const answer of ['a', 'b', 'c']) {
      answerTogether(writable)
      writable.write(answer)
      while (pieces.join('').at(-1) !== answer) await nextTurn()
    }
    expect(pieces).toEqual(['a', 'b', 'c'])
    expect(writable.writableCorked).toBe(0)
  })

  it('go out at once where they are much', async () => {
    const { pieces, writable } = connection()
    const large = 'x'.repeat(writable.writableHighWaterMark)
    answerTogether(writable)
    writable.write(large)
    expect(pieces).toEqual([])
    answerTogether(writable)
    expect(pieces).toEqual([large])
  })

  it('do not wait for a connection that is gone', async () => {
    const { pieces, writable } = connection()
    answerTogether(writable)
    writable.destroy()
    await nextTurn()
    await nextTurn()
    await nextTurn()
    expect(pieces).toEqual([])
  })
})
