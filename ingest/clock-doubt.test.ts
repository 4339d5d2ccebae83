import { describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { watchClock } from './clock-doubt.ts'
import { batchOf, sampleOf, T0, testPark } from './ingest.test-support.ts'
import { FUTURE_MS_MAX } from '#contract/reading.ts'
import { validate } from './validate.ts'

const park = testPark()
const AHEAD_MS = FUTURE_MS_MAX + 60_000

/** Gateways whose clocks are ahead of ours by so much send one payload each. */
function bench(isClockKept?: boolean) {
  const clock = new ManualClock(T0)
  const doubt = watchClock({ clock, isClockKept: () => isClockKept })
  const send = (
    gateway: 'gw-a' | 'gw-b',
    aheadMs: number,
    leaf: 'live' | 'backlog' = 'live',
    old = 0,
  ): boolean => {
    const meter = gateway === 'gw-a' ? 'meter-a' : 'meter-b'
    const samples = [sampleOf(meter, T0 + aheadMs, 1)]
    for (let back = 1; back <= old; back += 1) samples.push(sampleOf(meter, T0 - back, 1))
    const topic = { park: 'park-1', gateway, leaf }
    return doubt.withholds(topic, validate(batchOf(gateway, 1, samples), topic, park, T0))
  }
  return { doubt, send, clock }
}

describe('the clock here', () => {
  it('is in doubt where all gateways are ahead of it, until they no longer are', () => {
    const { doubt, send } = bench(true)
    send('gw-a', AHEAD_MS)
    expect(send('gw-b', AHEAD_MS)).toBe(true)
    expect(doubt.complaint()).toMatch('2 of 2 gateways are ahead')
    expect(send('gw-a', AHEAD_MS, 'backlog')).toBe(true)
    expect(send('gw-a', -86_400_000, 'backlog')).toBe(false)
    expect(send('gw-a', 0)).toBe(false)
    expect(doubt.complaint()).toBeUndefined()
    expect(send('gw-b', AHEAD_MS)).toBe(false)
  })

  it('is believed where one gateway of several is ahead', () => {
    const { doubt, send } = bench()
    send('gw-b', 0)
    expect(send('gw-a', AHEAD_MS)).toBe(false)
    expect(doubt.complaint()).toBeUndefined()
  })

  it('is not doubted for one wild time among many', () => {
    const { send } = bench()
    expect(send('gw-a', AHEAD_MS, 'live', 9)).toBe(false)
  })

  it.each([
    [true, false],
    [false, true],
    [undefined, true],
  ])('with a single gateway: kept by NTP %s, withheld %s', (isClockKept, isWithheld) => {
    const { send } = bench(isClockKept)
    expect(send('gw-a', AHEAD_MS)).toBe(isWithheld)
  })

  it('is judged anew where it was set: what agreed with it before says nothing', () => {
    const { doubt, send, clock } = bench()
    send('gw-a', 0)
    send('gw-b', 0)
    clock.stepWall(T0 - 86_400_000)
    expect(send('gw-a', AHEAD_MS)).toBe(true)
    clock.stepWall(T0)
    expect(doubt.complaint()).toBeUndefined()
  })

  it('is not judged by gateways that were heard long ago', () => {
    const { doubt, send, clock } = bench(true)
    send('gw-a', AHEAD_MS)
    send('gw-b', AHEAD_MS)
    clock.advance(11 * 60_000)
    expect(doubt.complaint()).toBeUndefined()
  })
})
