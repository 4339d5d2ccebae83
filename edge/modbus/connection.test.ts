import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import type { Answer } from '../bus.ts'
import { Connection } from './connection.ts'
import type { PipeListener } from './pipe.ts'

const never = new AbortController().signal

function connectionOf(open: (listener: PipeListener) => void, ready = Promise.resolve()) {
  const clock = new ManualClock(0)
  const heard: number[] = []
  const lost: Answer[] = []
  let closes = 0
  const connection = new Connection(
    {
      path: 'somewhere',
      open: async (listener) => {
        open(listener)
        await ready
        return {
          write: () => undefined,
          close: () => {
            closes += 1
            return Promise.resolve()
          },
        }
      },
      lostCode: 'bus-disconnected',
      clock,
      log: pino({ level: 'silent' }),
      random: () => 0,
    },
    { received: (bytes) => heard.push(...bytes), lost: (answer) => lost.push(answer) },
  )
  return { connection, clock, heard, lost, closes: () => closes }
}

describe('Connection', () => {
  it('hears nothing more of a pipe that was given up, neither bytes nor its end', async () => {
    const listeners: PipeListener[] = []
    const { connection, heard, lost } = connectionOf((listener) => listeners.push(listener))
    await connection.open(100, never)
    listeners[0]?.received(Uint8Array.of(1))
    connection.drop('doubt')
    await connection.open(100, never)
    listeners[0]?.received(Uint8Array.of(2))
    listeners[0]?.closed(undefined)
    listeners[1]?.received(Uint8Array.of(3))
    expect(heard).toEqual([1, 3])
    expect(connection.isOpen).toBe(true)
    expect(lost).toEqual([])
  })

  it('says once that it was lost, and with which cause', async () => {
    const listeners: PipeListener[] = []
    const { connection, lost } = connectionOf((listener) => listeners.push(listener))
    await connection.open(100, never)
    listeners[0]?.closed(new Error('unplugged'))
    listeners[0]?.closed(new Error('again'))
    connection.close()
    expect(lost).toMatchObject([
      { cause: 'disconnected', fault: { code: 'bus-disconnected', cause: { message: 'unplugged' } } },
    ])
  })

  it('closes what opens after it was given up', async () => {
    let finish: () => void = () => undefined
    const slowly = new Promise<void>((resolve) => {
      finish = resolve
    })
    const { connection, clock, closes } = connectionOf(() => undefined, slowly)
    const opening = connection.open(100, never)
    clock.advance(100)
    expect((await opening)?.cause).toBe('disconnected')
    expect(closes()).toBe(0)
    finish()
    await expect.poll(closes).toBe(1)
    expect(connection.isOpen).toBe(false)
  })
})
