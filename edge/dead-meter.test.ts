import { pino } from 'pino'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '#cli/system-clock.ts'
import { Bus } from './bus.ts'
import { lineCost } from './line-cost.ts'
import { ModbusTcpLine } from './modbus/tcp.ts'
import { MeterPoll } from './poll.ts'
import { honest, ScriptedMeter } from './testing/scripted-meter.ts'
import { testRegister } from './testing/virtual-line.ts'

const METERS = 32
const EVERY_MS = 1_000
const DEAD = 7
const POLLS = 8
/** A full timeout is two polls of everybody. */
const TIMEOUT_MS = 2_000

describe('32 units behind one Modbus TCP gateway, one of them dead', () => {
  const server = new ScriptedMeter()
  const stopping = new AbortController()
  afterEach(async () => {
    stopping.abort()
    await server.close()
  })

  it('are read all but one, and the dead one is read soon after it comes back', async () => {
    let dead = true
    server.otherwise = (request, socket) => {
      if (!dead || request.readUInt8(6) !== DEAD) honest(request, socket)
    }
    const log = pino({ level: 'silent' })
    const transport = { kind: 'tcp', host: '127.0.0.1', port: await server.listen() } as const
    const line = new ModbusTcpLine({ ...transport, clock: systemClock, log, random: () => 0 })
    const bus = new Bus(line, systemClock)
    const good = new Map<string, number>()
    const polls = Array.from({ length: METERS }, (_, index) =>
      new MeterPoll(
        {
          meter: `m${index + 1}`,
          unit: index + 1,
          tasks: [{ everyMs: EVERY_MS, registers: [testRegister('voltage.l1', 0)], sheddable: false }],
          limits: { registersPerRequest: 20, bridgeGaps: 0, forbidden: [], pauseMs: 0 },
          ratioRegisters: [],
          cost: lineCost(transport, { pauseMs: 0 }),
          timeoutMs: TIMEOUT_MS,
          quality: 'good',
          bus,
        },
        {
          clock: systemClock,
          log,
          read: ({ meter, values }) => {
            if (Object.keys(values).length > 0) good.set(meter, (good.get(meter) ?? 0) + 1)
          },
          polled: () => undefined,
        },
      ).run(stopping.signal),
    )
    await vi.waitFor(() => expect(good.get('m1')).toBeGreaterThan(POLLS), { timeout: 50_000, interval: 20 })
    const { meters } = bus.counts
    expect(good.has(`m${DEAD}`)).toBe(false)
    expect(meters.get(`m${DEAD}`)).toMatchObject({ read: 0 })
    // The first attempt at the dead one has a full timeout; no later one costs the others a poll.
    for (const [name, { read }] of meters) {
      if (name !== `m${DEAD}`) expect(read).toBeGreaterThan(POLLS - 3)
    }
    dead = false
    await vi.waitFor(() => expect(good.get(`m${DEAD}`)).toBeGreaterThan(0), {
      timeout: 55_000,
      interval: 20,
    })
    stopping.abort()
    await Promise.all(polls)
    bus.close()
  }, 120_000)
})
