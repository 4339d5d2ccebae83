import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gatewayFile, type BusDescription } from '#firmware-config/gateway.ts'
import { loadProfile } from '#firmware-config/profile.ts'
import { busDemand, type BusDemand } from './demand.ts'
import { plan } from './plan.ts'
import { exchangeUs, lineCost } from './line-cost.ts'

const serial = { kind: 'rtu', path: '/dev/ttyS0', baudRate: 9_600, parity: 'even' }

function bus(meters: readonly object[], transport: object = serial): BusDescription {
  const [only] = gatewayFile.parse({
    gateway: 'g',
    park: 'p',
    uplink: { url: 'mqtt://h' },
    buses: [
      {
        id: 'b',
        transport,
        meters: meters.map((meter, index) => ({ meter: `m${index}`, unit: index + 1, ...meter })),
      },
    ],
  }).buses
  if (only === undefined) throw new Error('no bus')
  return only
}

const demandOf = (description: BusDescription): BusDemand =>
  busDemand(description, (line) => loadProfile(line.profile, line.ratios))

describe('busDemand', () => {
  it('counts what falls due together as a walk through time would', () => {
    const seconds = fc.integer({ min: 1, max: 6 })
    fc.assert(
      fc.property(seconds, seconds, seconds, (base, first, second) => {
        const quantities = ['voltage.l1', 'voltageThd.l1', 'activeEnergyImport.total'] as const
        const description = bus([
          {
            profile: 'eastron-sdm630',
            everySeconds: base,
            quantities,
            rates: [
              { everySeconds: first, quantities: ['voltageThd.l1'] },
              { everySeconds: second, quantities: ['activeEnergyImport.total'] },
            ],
          },
        ])
        const map = loadProfile('eastron-sdm630')
        const cost = lineCost(description.transport, map.limits)
        let us = 0
        for (let at = 0; at < 3_600; at += 1) {
          const due = quantities.filter(
            (_, index) => at % ([base, first, second][index] ?? 1) === 0 || (index === 2 && at % 900 === 0),
          )
          const requests = plan(
            map.registers.filter(({ quantity }) => due.some((name) => name === quantity)),
            map.limits,
            cost,
          )
          us += requests.reduce((all, { quantity }) => all + exchangeUs(cost, quantity), 0)
        }
        expect(demandOf(description).share).toBeCloseTo(us / 3_600e6, 9)
      }),
      { numRuns: 30 },
    )
  })

  it('needs at least the sum of all exchanges for a cycle, and no less than one meter with its pauses', () => {
    const meters = [{ profile: 'eastron-sdm630' }, { profile: 'eastron-sdm630' }]
    const two = demandOf(bus(meters))
    expect(two.cycleUs).toBe(2 * (two.meters[0]?.cycleUs ?? 0))
    const pausing = busDemand(bus(meters), () => {
      const map = loadProfile('eastron-sdm630')
      return { ...map, limits: { ...map.limits, pauseMs: 500 } }
    })
    expect(pausing.cycleUs).toBe(pausing.meters[0]?.cycleUs)
  })

  it('reads cumulative registers at the quarter hours where their interval does not', () => {
    const [meter] = demandOf(
      bus([
        {
          profile: 'eastron-sdm630',
          everySeconds: 3_600,
          quantities: ['voltage.l1', 'activeEnergyImport.total'],
        },
      ]),
    ).meters
    const polls = meter?.coincidences.map(({ everyMs, requests }) => [
      everyMs,
      requests.flatMap(({ registers }) => registers.map(({ quantity }) => quantity)),
    ])
    expect(polls).toEqual([
      [[900_000], ['activeEnergyImport.total']],
      [
        [900_000, 3_600_000],
        ['voltage.l1', 'activeEnergyImport.total'],
      ],
    ])
  })
})
