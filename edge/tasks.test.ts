import { describe, expect, it } from 'vitest'
import { gatewayFile, type MeterLine } from '#firmware-config/gateway.ts'
import { loadProfile } from '#firmware-config/profile.ts'
import { tasksOf } from './tasks.ts'

function line(more: object): MeterLine {
  const [meter] =
    gatewayFile.parse({
      gateway: 'g',
      park: 'p',
      uplink: { url: 'mqtt://h' },
      buses: [
        {
          id: 'b',
          transport: { kind: 'tcp', host: 'h' },
          meters: [{ meter: 'm', unit: 1, profile: 'eastron-sdm630', ...more }],
        },
      ],
    }).buses[0]?.meters ?? []
  if (meter === undefined) throw new Error('no meter')
  return meter
}

const tasks = (more: object) =>
  tasksOf(line(more), loadProfile('eastron-sdm630')).map(({ everyMs, registers, sheddable }) => ({
    everyMs,
    quantities: registers.map(({ quantity }) => quantity),
    sheddable,
  }))

describe('tasksOf', () => {
  it('is one task where there is one interval that meets the quarter hours', () => {
    const quantities = ['voltage.l1', 'activeEnergyImport.total']
    expect(tasks({ everySeconds: 1, quantities })).toEqual([{ everyMs: 1_000, quantities, sheddable: false }])
  })

  it('may shed what is slow, but nothing cumulative', () => {
    const slow = ['frequency', 'activeEnergyImport.total']
    expect(
      tasks({
        everySeconds: 1,
        quantities: ['voltage.l1', ...slow],
        rates: [{ everySeconds: 300, quantities: slow }],
      }),
    ).toEqual([
      { everyMs: 1_000, quantities: ['voltage.l1'], sheddable: false },
      { everyMs: 300_000, quantities: ['activeEnergyImport.total'], sheddable: false },
      { everyMs: 300_000, quantities: ['frequency'], sheddable: true },
    ])
  })

  it('reads cumulative registers at the quarter hours, whatever the interval', () => {
    const quantities = ['voltage.l1', 'activeEnergyImport.total']
    for (const everySeconds of [7, 1_800]) {
      expect(tasks({ everySeconds, quantities })).toEqual([
        { everyMs: everySeconds * 1_000, quantities, sheddable: false },
        { everyMs: 900_000, quantities: ['activeEnergyImport.total'], sheddable: false },
      ])
    }
  })

  it('refuses quantities that the profile does not have', () => {
    expect(() => tasks({ quantities: ['steamMass'] })).toThrow(/has no steamMass/)
    expect(() => tasks({ rates: [{ everySeconds: 1, quantities: ['steamMass'] }] })).toThrow(
      /has no steamMass/,
    )
  })
})
