import { expect, test } from 'vitest'
import { ManualClock } from './clock.ts'

test('sleepers wake in the order of their times, and not before', async () => {
  const clock = new ManualClock(1_000)
  const woken: number[] = []
  const all = [30, 10, 20].map(async (durationMs) => {
    await clock.sleep(durationMs)
    woken.push(durationMs)
  })
  clock.advance(9)
  await Promise.resolve()
  expect(woken).toEqual([])
  clock.advance(100)
  await Promise.all(all)
  expect(woken).toEqual([10, 20, 30])
  expect([clock.wallMs(), clock.monotonicMs()]).toEqual([1_109, 109])
})

test('an aborted sleep rejects with the reason, before or while it sleeps', async () => {
  const clock = new ManualClock(0)
  const reason = new Error('stopping')
  const controller = new AbortController()
  const sleeping = clock.sleep(10, controller.signal)
  controller.abort(reason)
  await expect(sleeping).rejects.toBe(reason)
  await expect(clock.sleep(10, controller.signal)).rejects.toBe(reason)
})

test('setting the wall clock does not move monotonic time', () => {
  const clock = new ManualClock(5_000)
  clock.stepWall(1_000)
  expect([clock.wallMs(), clock.monotonicMs()]).toEqual([1_000, 0])
})
