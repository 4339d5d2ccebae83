import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import type { Sample } from '#contract/messages.ts'
import type { BadCause } from '#contract/reading.ts'
import { gatewayFile } from '#firmware-config/gateway.ts'
import { loadProfile } from '#firmware-config/profile.ts'
import type { Answer } from './bus.ts'
import type { Line } from './bus.ts'
import type { ReadQuery } from './modbus/frame.ts'
import { describedMeters, Polling } from './polling.ts'

/** Chint keeps its current ratio at 0006 and ten times its voltage ratio at 0007, far from its values. */
const CURRENT_AT = 6
const EVERY_MS = 10_000

class Meter implements Line {
  current = 40
  ratiosCause: BadCause | undefined
  cause: BadCause | undefined
  readonly asked: number[] = []

  read({ address, quantity }: ReadQuery): Promise<Answer> {
    this.asked.push(address)
    const isRatio = address === CURRENT_AT || address === CURRENT_AT + 1
    const cause = this.cause ?? (isRatio ? this.ratiosCause : undefined)
    if (cause !== undefined) return Promise.resolve({ cause, fault: new Fault('bus-exception', 'no') })
    const words = isRatio ? [address === CURRENT_AT ? this.current : 10] : []
    return Promise.resolve({ words: Uint16Array.from({ length: quantity }, (_, index) => words[index] ?? 0) })
  }

  close(): void {
    this.asked.length = 0
  }

  get ratioReads(): number {
    return this.asked.filter((address) => address === CURRENT_AT).length
  }
}

const gateway = gatewayFile.parse({
  gateway: 'gw',
  park: 'park',
  uplink: { url: 'mqtt://127.0.0.1:1' },
  journal: {},
  buses: [
    {
      id: 'bus',
      transport: { kind: 'tcp', host: '127.0.0.1', port: 1 },
      meters: [
        {
          meter: 'm',
          unit: 1,
          profile: 'chint-dtsu666',
          everySeconds: EVERY_MS / 1_000,
          ratios: { current: '40', voltage: '1' },
        },
      ],
    },
  ],
})

const running: Polling[] = []
afterEach(async () => {
  for (const polling of running.splice(0)) await polling.stop()
})

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 200; turn += 1) await Promise.resolve()
}

async function start(meter: Meter) {
  const clock = new ManualClock(1_790_000_005_000)
  const samples: Sample[] = []
  let changes = 0
  const polling = new Polling({
    clock,
    log: pino({ level: 'silent' }),
    random: () => 0,
    line: () => meter,
    read: (sample) => samples.push(sample),
    changed: () => (changes += 1),
  })
  running.push(polling)
  await polling.change(describedMeters(gateway, loadProfile))
  await turns()
  const next = async (passMs = EVERY_MS): Promise<string[]> => {
    samples.length = 0
    for (let passedMs = 0; passedMs < passMs; passedMs += EVERY_MS) {
      clock.advance(EVERY_MS)
      await turns()
    }
    return [...new Set(samples.map(({ quality }) => quality))]
  }
  return {
    next,
    first: [...new Set(samples.map(({ quality }) => quality))],
    ratios: () => polling.states()[0]?.ratios,
    changes: () => changes,
  }
}

describe('A meter that keeps its transformer ratios in registers', () => {
  it('is asked for them before its values, once, and is good where they are those of the gateway file', async () => {
    const meter = new Meter()
    const { first, next, ratios } = await start(meter)
    expect(meter.asked.slice(0, 2)).toEqual([CURRENT_AT, CURRENT_AT + 1])
    expect(first).toEqual(['good'])
    expect(await next()).toEqual(['good'])
    expect(meter.ratioReads).toBe(1)
    expect(ratios()).toBeUndefined()
  })

  it('is uncertain from its first reading on where they are others, and the state says which', async () => {
    const meter = new Meter()
    meter.current = 60
    const { first, ratios } = await start(meter)
    expect(first).toEqual(['uncertain'])
    expect(ratios()).toEqual([{ ratio: 'current', inFile: '40', inMeter: 60 }])
  })

  it('is asked again after it was away, because it may be another one', async () => {
    const meter = new Meter()
    const { next, ratios, changes } = await start(meter)
    meter.cause = 'timeout'
    for (let poll = 0; poll < 4; poll += 1) await next()
    meter.current = 60
    meter.cause = undefined
    const before = changes()
    await next(120_000)
    expect(ratios()).toEqual([{ ratio: 'current', inFile: '40', inMeter: 60 }])
    expect(changes()).toBeGreaterThan(before)
    expect(await next()).toEqual(['uncertain'])
  })

  it('is asked every hour, because somebody may have set it at its display; put right, it is good again', async () => {
    const meter = new Meter()
    const { next, ratios } = await start(meter)
    meter.current = 60
    await next(3_600_000)
    expect(await next()).toEqual(['uncertain'])
    meter.current = 40
    await next(3_600_000)
    expect(await next()).toEqual(['good'])
    expect(ratios()).toBeUndefined()
  })

  it('that refuses to tell them contradicts nothing, and is not asked at every poll', async () => {
    const meter = new Meter()
    meter.ratiosCause = 'illegal-address'
    const { first, next, ratios } = await start(meter)
    expect(first).toEqual(['good'])
    await next()
    expect(meter.ratioReads).toBe(1)
    expect(ratios()).toBeUndefined()
  })

  it('that is busy is asked again with the next poll', async () => {
    const meter = new Meter()
    meter.ratiosCause = 'device-busy'
    const { next } = await start(meter)
    await next()
    expect(meter.ratioReads).toBe(2)
  })
})
