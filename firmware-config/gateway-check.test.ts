import { describe, expect, it } from 'vitest'
import { checkFiles } from './check.ts'
import { checkedFolder, gateway, park, profiles, sensorLine, sensors } from './check.test-support.ts'

const { file, printed } = checkedFolder()

describe('The check of a gateway file', () => {
  const gatewayCases: [name: string, from: string, to: string, findings: string[]][] = [
    [
      'a meter that the park does not know',
      'meter: gas',
      'meter: water',
      ['g.yaml:9:18 buses.0.meters.1.meter: there is no meter or sensor "water" in the park'],
    ],
    [
      'an unknown profile',
      'eastron-sdm630',
      'eastron-sdm999',
      ['g.yaml:8:42 buses.0.meters.0.profile: there is no profile "eastron-sdm999"'],
    ],
    [
      'a profile without what the park takes from the meter',
      'eastron-sdm630',
      'fuxin-gas-corrector',
      [
        'g.yaml:8:42 buses.0.meters.0.profile: fuxin-gas-corrector measures naturalGas, but "main" is a meter of electricity',
        'g.yaml:8:42 buses.0.meters.0.profile: fuxin-gas-corrector has no activeEnergyImport.total, which the park file takes from "main"',
        'g.yaml:8:42 buses.0.meters.0.profile: fuxin-gas-corrector has no activePower.total, which the park file takes from "main"',
      ],
    ],
    [
      'poll intervals for quantities that are not read, or twice for one',
      'profile: fuxin-gas-corrector }',
      'profile: fuxin-gas-corrector, rates: [{ everySeconds: 60, quantities: [steamFlow, gasFlowStandard, gasFlowStandard] }] }',
      [
        'g.yaml:9:102 buses.0.meters.1.rates.0.quantities: steamFlow is not read from this meter',
        'g.yaml:9:102 buses.0.meters.1.rates.0.quantities: gasFlowStandard has a poll interval already',
      ],
    ],
    [
      'a choice of quantities that leaves out the register',
      'profile: fuxin-gas-corrector }',
      'profile: fuxin-gas-corrector, quantities: [gasFlowStandard, steamFlow] }',
      [
        'g.yaml:9:74 buses.0.meters.1.quantities: the profile fuxin-gas-corrector has no steamFlow',
        'g.yaml:9:74 buses.0.meters.1.quantities: leaves out gasVolumeStandard, which the park file takes from "gas"',
      ],
    ],
    [
      'two meters at one unit address of a bus',
      'unit: 2',
      'unit: 1',
      ['g.yaml:9:29 buses.0.meters.1.unit: unit 1 of the bus "bus-1" is "main" already'],
    ],
    [
      'a meter that is read twice',
      'meter: gas, unit: 2, profile: fuxin-gas-corrector',
      'meter: main, unit: 2, profile: eastron-sdm630',
      ['g.yaml:9:18 buses.0.meters.1.meter: "main" is read on the bus "bus-1" already'],
    ],
    [
      'another park',
      'park: test-park',
      'park: other-park',
      ['g.yaml:2:7 park: the park file is that of "test-park"'],
    ],
    [
      'a gateway that the park does not have, and so the meters of another gateway',
      'gateway: gateway-1',
      'gateway: gateway-9',
      [
        'g.yaml:1:10 gateway: there is no gateway "gateway-9" in the park "test-park"',
        'g.yaml:8:18 buses.0.meters.0.meter: the park gives "main" to the gateway "gateway-1"',
        'g.yaml:9:18 buses.0.meters.1.meter: the park gives "gas" to the gateway "gateway-1"',
      ],
    ],
  ]

  it.each(gatewayCases)('finds %s at its place', (_name, from, to, expected) => {
    expect(gateway).toContain(from)
    const bad = file('g.yaml', gateway.replace(from, to))
    expect(printed(checkFiles({ park: file('park.yaml', park), gateways: [bad], profiles }))).toEqual(
      expected,
    )
  })

  it('takes a sensor that is read with a profile of the environment, and no other', () => {
    const found = (line: string): string[] =>
      printed(
        checkFiles({
          park: file('park.yaml', park + sensors),
          gateways: [file('g.yaml', gateway + line)],
          profiles,
        }),
      )
    expect(found(sensorLine)).toEqual([])
    expect(found(sensorLine.replace('xy-md02', 'bell-vfm60'))).toEqual([
      'g.yaml:10:45 buses.0.meters.2.profile: bell-vfm60 measures steam, but "weather" is a sensor of the environment',
    ])
  })

  it('finds a bus that does not wait as long as a meter may take', () => {
    const hasty = gateway
      .replace('    meters:', '    timeoutMs: 500\n    meters:')
      .replace('eastron-sdm630', 'orno-we516')
    expect(printed(checkFiles({ gateways: [file('g.yaml', hasty)], profiles }))).toEqual([
      'g.yaml:7:16 buses.0.timeoutMs: main (orno-we516) may take 600 ms to answer, the bus waits 500 ms',
    ])
  })

  it('finds one gateway described by two files', () => {
    const gateways = [file('g.yaml', gateway), file('h.yaml', gateway)]
    expect(printed(checkFiles({ gateways, profiles }))).toEqual([
      'h.yaml:1:10 gateway: the gateway "gateway-1" is described in g.yaml already',
    ])
  })
})
