import fc from 'fast-check'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { readingsOf } from '#contract/messages.ts'
import type { Reading } from '#contract/reading.ts'
import { gatewayFile } from '#firmware-config/gateway.ts'
import { parseProfile, type RegisterMap } from '#firmware-config/profile.ts'
import type { Line } from './bus.ts'
import { placeOf } from './lines.ts'
import { describedMeters, Polling, type DescribedMeter } from './polling.ts'
import { oneValue } from './testing/one-value.ts'
import { SimulatedTime } from './testing/simulated-time.ts'

const EXCHANGE_MS = 0.2
const EVERY_MS = 100

const profile = (id: string): RegisterMap => parseProfile(oneValue, `${id}.yaml`)

/** What may be asked of the neighbours: one line of the file each. */
interface Neighbour {
  readonly unit: number
  readonly everySeconds: number
}

function described(neighbours: readonly Neighbour[], baudRate: number): DescribedMeter[] {
  const line = (meter: string, unit: number, everySeconds: number): object => ({
    meter,
    unit,
    profile: 'one-value',
    everySeconds,
  })
  const others = neighbours.map(({ unit, everySeconds }) => line(`n${unit}`, unit, everySeconds))
  const gateway = gatewayFile.parse({
    gateway: 'g',
    park: 'p',
    uplink: { url: 'mqtt://127.0.0.1' },
    buses: [
      {
        id: 'a',
        transport: { kind: 'rtu', path: '/dev/a', baudRate: 115_200 },
        timeoutMs: 20,
        meters: [line('steady', 1, EVERY_MS / 1_000), ...others],
      },
      { id: 'b', transport: { kind: 'rtu', path: '/dev/b', baudRate }, meters: [line('other', 1, 0.1)] },
    ],
  })
  return describedMeters(gateway, profile)
}

const neighbour = fc.record({
  unit: fc.integer({ min: 2, max: 5 }),
  everySeconds: fc.constantFrom(0.1, 0.2, 0.5),
})
const step = fc.record({
  neighbours: fc.uniqueArray(neighbour, { selector: ({ unit }) => unit, maxLength: 3 }),
  baudRate: fc.constantFrom(9_600, 19_200),
  lastsMs: fc.oneof(fc.constant(0.25), fc.integer({ min: 1, max: 700 })),
})

describe('polling', () => {
  it('reads every slot of a meter that stays the same, whatever its neighbours become, and when', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const time = new SimulatedTime()
        const readings: Reading[] = []
        const open = new Map<string, number>()
        let busy = 0
        const polling = new Polling({
          clock: time,
          log: pino({ level: 'silent' }),
          random: () => 0.5,
          read: (sample) => readings.push(...readingsOf(sample)),
          changed: () => undefined,
          line: (transport): Line => {
            const place = placeOf(transport)
            open.set(place, (open.get(place) ?? 0) + 1)
            expect(open.get(place)).toBe(1)
            return {
              read: async ({ quantity }, _timeoutMs, signal) => {
                busy += 1
                try {
                  await time.sleep(EXCHANGE_MS, signal)
                } finally {
                  busy -= 1
                }
                return { words: new Uint16Array(quantity) }
              },
              close: () => open.set(place, (open.get(place) ?? 0) - 1),
            }
          },
        })
        await time.until(polling.change(described([], 9_600)))
        await time.until(time.sleep(EVERY_MS))
        for (const { neighbours, baudRate, lastsMs } of steps) {
          await time.until(polling.change(described(neighbours, baudRate)))
          expect(polling.states().map(({ meter }) => meter)).toContain('steady')
          await time.until(time.sleep(lastsMs))
        }
        const endMs = time.monotonicMs()
        await time.until(polling.stop())
        const [steady] = polling.states().filter(({ meter }) => meter === 'steady')
        const slots = steady?.slots
        expect(slots).toMatchObject({ missed: 0, failed: 0, held: 0 })
        expect((slots?.read ?? 0) * EVERY_MS).toBeGreaterThanOrEqual(endMs - EVERY_MS)
        // No two readings of a meter share a moment, also of one that was stopped and started.
        const moments = readings.map(({ meter, atMs }) => `${meter} ${atMs}`)
        expect(new Set(moments).size).toBe(moments.length)
        expect([...open.values()]).toEqual([...open.values()].map(() => 0))
        expect(busy).toBe(0)
      }),
      { numRuns: 60 },
    )
  })
})
