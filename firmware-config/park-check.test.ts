import { describe, expect, it } from 'vitest'
import { checkFiles } from './check.ts'
import { checkedFolder, gateway, park, profiles, sensors } from './check.test-support.ts'

const { file, printed } = checkedFolder()

describe('The check of a park file', () => {
  const parkCases: [name: string, from: string, to: string, findings: string[]][] = [
    [
      'an id that is there twice',
      'id: gas\n',
      'id: gateway-1\n',
      ['park.yaml:4:11 gateways.0.id: the id "gateway-1" is taken already, in line 15'],
    ],
    [
      'an unknown gateway',
      'carrier: naturalGas\n    role: boundary\n    gateway: gateway-1',
      'carrier: naturalGas\n    role: boundary\n    gateway: gateway-2',
      ['park.yaml:19:14 meters.1.gateway: there is no gateway "gateway-2" in this park'],
    ],
    [
      'an unknown upstream meter',
      'gateway: gateway-1\n    register: gas',
      'gateway: gateway-1\n    upstream: none\n    register: gas',
      ['park.yaml:20:15 meters.1.upstream: there is no meter "none" in this park'],
    ],
    [
      'an upstream meter of another carrier',
      'gateway: gateway-1\n    register: gas',
      'gateway: gateway-1\n    upstream: main\n    register: gas',
      ['park.yaml:20:15 meters.1.upstream: main measures electricity, not naturalGas'],
    ],
    [
      'a meter that feeds itself',
      'gateway: gateway-1\n    register: gas',
      'gateway: gateway-1\n    upstream: gas\n    register: gas',
      ['park.yaml:20:15 meters.1.upstream: feeds itself: gas ← gas'],
    ],
    [
      'a register that is not cumulative',
      'register: activeEnergyImport.total',
      'register: activePower.total',
      [
        'park.yaml:11:15 meters.0.register: activePower.total is not cumulative: energy is computed from a register',
      ],
    ],
    [
      'a power that is a register',
      'power: activePower.total',
      'power: activeEnergyExport.total',
      [
        'park.yaml:12:12 meters.0.power: activeEnergyExport.total is cumulative: a power or flow is of the moment',
      ],
    ],
    [
      'a carrier that does not fit the register',
      'carrier: naturalGas',
      'carrier: steam',
      ['park.yaml:20:15 meters.1.register: gasVolumeStandard is a quantity of naturalGas, not of steam'],
    ],
    [
      'a counter of products that stands in the energy balance',
      'carrier: naturalGas\n    role: boundary\n    gateway: gateway-1\n    register: gasVolumeStandard',
      'carrier: product\n    role: terminal\n    gateway: gateway-1\n    register: productMass',
      [
        'park.yaml:18:11 meters.1.role: terminal is no role of product: products, and only they, are product-count',
      ],
    ],
    [
      'a meter of energy that is said to count products',
      'carrier: naturalGas\n    role: boundary',
      'carrier: naturalGas\n    role: product-count',
      [
        'park.yaml:18:11 meters.1.role: product-count is no role of naturalGas: products, and only they, are product-count',
      ],
    ],
    [
      'ratio events that do not follow from one another',
      'register: gasVolumeStandard\n',
      `register: gasVolumeStandard
    events:
      - { kind: ratio, at: 2026-03-01T12:00:00+08:00, quantity: gasVolumeStandard, before: '2', after: '1', final: &read { count: 1, resolution: '1' }, initial: *read }
      - { kind: ratio, at: 2026-02-01T12:00:00+08:00, quantity: gasVolumeStandard, before: '1', after: '3', final: *read, initial: *read }
`,
      [
        'park.yaml:22:92 meters.1.events.0.before: the ratio event before it leaves the factor at 3, not at 2',
      ],
    ],
    [
      'replacements of one moment, and a register that falls between two of them',
      'register: gasVolumeStandard\n',
      `register: gasVolumeStandard
    events:
      - { kind: replacement, at: 2026-02-01T12:00:00+08:00, quantity: gasVolumeStandard, final: { count: 90, resolution: '1' }, initial: { count: 5, resolution: '1' } }
      - { kind: reset, at: 2026-02-01T04:00:00Z, quantity: gasVolumeStandard, final: { count: 90, resolution: '1' }, initial: { count: 5, resolution: '1' } }
      - { kind: reset, at: 2026-03-01T12:00:00+08:00, quantity: gasVolumeStandard, final: { count: 4, resolution: '1' }, initial: { count: 0, resolution: '1' } }
`,
      [
        'park.yaml:23:28 meters.1.events.1.at: the replacement before it is of the same moment: only one of them can be',
        'park.yaml:24:91 meters.1.events.2.final: the reset at 2026-02-01T04:00:00Z leaves the register at 5, and here it shows 4: it fell in between',
      ],
    ],
  ]

  it.each(parkCases)('finds %s at its place', (_name, from, to, expected) => {
    expect(park).toContain(from)
    const bad = file('park.yaml', park.replace(from, to))
    expect(printed(checkFiles({ park: bad, gateways: [], profiles: [] }))).toEqual(expected)
  })

  const counted = gateway.replace('eastron-sdm630', "acrel-dtsd1352, ratios: { current: '10' }")
  const wrapsOf = (rating: number, wrapsAt?: string): string[] => {
    const facts = `ratingPerHour: ${rating}${wrapsAt === undefined ? '' : `\n    wrapsAt: ${wrapsAt}`}`
    const files = { park: file('park.yaml', park.replace('ratingPerHour: 100', facts)), profiles }
    return printed(checkFiles({ ...files, gateways: [file('g.yaml', counted)] }))
  }
  const given = "give it wrapsAt: { count: 4294967296, resolution: '0.1' } in the park file"

  it('asks where a register starts again, behind its transformers, when it can come to it in twenty years', () => {
    expect(wrapsOf(2_400)).toEqual([])
    expect(wrapsOf(2_500)).toEqual([
      `g.yaml:8:42 buses.0.meters.0.profile: activeEnergyImport.total of acrel-dtsd1352 starts again at 429496729.6, which "main" can reach: ${given}`,
    ])
  })

  it('finds a wrapsAt that is not that of the profile, however it is written', () => {
    expect(wrapsOf(30_000, "{ count: 42949672960, resolution: '0.01' }")).toEqual([])
    expect(wrapsOf(100, "{ count: 4294967296, resolution: '0.01' }")).toEqual([
      'g.yaml:8:42 buses.0.meters.0.profile: activeEnergyImport.total of acrel-dtsd1352 starts again at 429496729.6, the park file says 42949672.96: give "main" wrapsAt: { count: 4294967296, resolution: \'0.1\' }',
    ])
  })

  it('takes a sensor without a register, and finds one with the id of a meter or an unknown gateway', () => {
    const found = (text: string): string[] =>
      printed(checkFiles({ park: file('park.yaml', park + text), gateways: [], profiles: [] }))
    expect(found(sensors)).toEqual([])
    expect(found(sensors.replace('id: weather', 'id: gas'))).toEqual([
      'park.yaml:24:9 sensors.0.id: the id "gas" is taken already, in line 15',
    ])
    expect(found(sensors.replace('gateway-1', 'gateway-9'))).toEqual([
      'park.yaml:26:14 sensors.0.gateway: there is no gateway "gateway-9" in this park',
    ])
  })

  it('finds a longer ring of upstream meters at each of its members', () => {
    const ring = park
      .replace('register: activeE', 'upstream: gas\n    register: activeE')
      .replace('register: gas', 'upstream: main\n    register: gas')
    const text = printed(checkFiles({ park: file('park.yaml', ring), gateways: [], profiles: [] }))
    expect(text).toContain('park.yaml:11:15 meters.0.upstream: feeds itself: main ← gas ← main')
    expect(text).toContain('park.yaml:21:15 meters.1.upstream: feeds itself: gas ← main ← gas')
  })
})
