import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { FairShare } from './fair-share.ts'

const TAKES_MS = 200

/** Lets everything happen that waits for no time. */
async function settle(): Promise<void> {
  for (let count = 0; count < 50; count += 1) await turn()
}

function bench() {
  const clock = new ManualClock(0)
  const share = new FairShare(clock)
  const made: string[] = []
  const refused: string[] = []
  const ask = async (enterprise: string): Promise<void> => {
    try {
      const leave = await share.enter(enterprise)
      clock.advance(TAKES_MS)
      made.push(enterprise)
      leave()
    } catch {
      refused.push(enterprise)
    }
  }
  return { clock, share, made, refused, ask }
}

test('one that asks without end waits for itself alone, and has a third of the time', async () => {
  const { clock, made, refused, ask } = bench()
  const asked = Array.from({ length: 40 }, async () => ask('forge'))
  await settle()
  const atOnce = made.length
  expect(atOnce).toBeLessThanOrEqual(4)
  expect(refused.length).toBeGreaterThan(0)
  await ask('chemical')
  expect(made.at(-1)).toBe('chemical')
  const startedMs = clock.monotonicMs()
  while (made.length + refused.length < 41) {
    clock.advance(10)
    await settle()
  }
  await Promise.all(asked)
  const spentMs = (made.length - atOnce - 1) * TAKES_MS
  expect(spentMs / (clock.monotonicMs() - startedMs)).toBeLessThan(0.36)
})

test('an answer that takes long by waiting holds up the next one of its enterprise for a while only', async () => {
  const { clock, share, made, ask } = bench()
  const leave = await share.enter('forge')
  const next = ask('forge')
  await settle()
  expect(made).toEqual([])
  clock.advance(1_000)
  await next
  expect(made).toEqual(['forge'])
  leave()
})

test('nobody waits any more once the server stops', async () => {
  const { share, made, refused, ask } = bench()
  const asked = Array.from({ length: 20 }, async () => ask('forge'))
  await settle()
  expect(made.length).toBeLessThan(20)
  share.stop()
  await Promise.all(asked)
  expect(made.length + refused.length).toBe(20)
})
