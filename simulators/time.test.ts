import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { gatewayFile } from '#firmware-config/gateway.ts'
import { fasterClock, fasterGateway, SPEED_MAX } from './time.ts'

const T0 = Date.UTC(2026, 2, 1)
const speed = fc.integer({ min: 1, max: SPEED_MAX })

describe('A faster clock', () => {
  it('lets N times as much time pass, by all its measures', () => {
    fc.assert(
      fc.property(speed, fc.array(fc.integer({ min: 0, max: 100_000 })), (speed, steps) => {
        const real = new ManualClock(T0)
        const clock = fasterClock(real, { speed, sinceMs: T0, fromMs: 5_000 })
        const startMs = clock.monotonicMs()
        let passedMs = 0
        for (const step of steps) {
          real.advance(step)
          passedMs += step * speed
          expect(clock.wallMs()).toBe(5_000 + passedMs)
          expect(clock.monotonicMs() - startMs).toBe(passedMs)
        }
      }),
    )
  })

  it('shows whole milliseconds, whatever the speed', () => {
    const real = new ManualClock(T0)
    const clock = fasterClock(real, { speed: 1.7, sinceMs: T0, fromMs: T0 })
    real.advance(1)
    expect(clock.wallMs()).toBe(T0 + 1)
  })

  it('agrees with another of its pace that was made later', () => {
    const real = new ManualClock(T0)
    const pace = { speed: 20, sinceMs: T0, fromMs: T0 - 1_000_000 }
    const early = fasterClock(real, pace)
    real.advance(12_345)
    expect(fasterClock(real, pace).wallMs()).toBe(early.wallMs())
  })

  it('wakes a sleeper after its own time, and sooner when it is aborted', async () => {
    const real = new ManualClock(T0)
    const clock = fasterClock(real, { speed: 60, sinceMs: T0, fromMs: T0 })
    let awake = false
    const slept = clock.sleep(60_000).then(() => (awake = true))
    real.advance(999)
    await Promise.resolve()
    expect(awake).toBe(false)
    real.advance(1)
    await slept
    const controller = new AbortController()
    const cut = clock.sleep(60_000, controller.signal)
    controller.abort(new Error('enough'))
    await expect(cut).rejects.toThrow('enough')
  })
})

describe('A gateway in faster time', () => {
  const gateway = gatewayFile.parse({
    gateway: 'gw',
    park: 'park',
    uplink: { url: 'mqtt://127.0.0.1:1883' },
    buses: [
      {
        id: 'bus',
        transport: { kind: 'tcp', host: '127.0.0.1' },
        meters: [
          { meter: 'a', unit: 1, profile: 'acrel-adl400', everySeconds: 1 },
          { meter: 'b', unit: 2, profile: 'acrel-adl400', everySeconds: 0.5 },
        ],
      },
    ],
  })

  it('is a gateway file still, with slots on each quarter of an hour and the real time for answers', () => {
    expect(fasterGateway(gateway, 1)).toEqual(gateway)
    fc.assert(
      fc.property(speed, (speed) => {
        const faster = gatewayFile.parse(fasterGateway(gateway, speed))
        const [bus] = faster.buses
        expect(bus?.timeoutMs).toBe(1_000 * speed)
        expect(faster.uplink.receiptTimeoutMs).toBe(5_000 * speed)
        for (const { everySeconds } of speed === 1 ? [] : (bus?.meters ?? [])) {
          expect(900 % everySeconds).toBe(0)
          expect(everySeconds).toBeGreaterThanOrEqual(0.5 * speed)
        }
      }),
    )
  })
})
