import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { fromBooks } from '#cli/platform-intervals.ts'
import { startPowered } from '#cli/powered-gateway.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { Interval } from '#contract/interval.ts'
import { indexPark, parkDescription } from '#contract/park.ts'
import { gatewayFile } from '#firmware-config/gateway.ts'
import { makePlant } from '#simulators/plant.ts'
import { completedSteps } from '#simulators/register-image.ts'
import { scenarioFile } from '#simulators/scenario.ts'
import { fasterGateway } from '#simulators/time.ts'
import { gatewayOf, makeInstallation, parkOf, type Installation } from './support/installation.ts'
import { freePort } from './support/servers.ts'
import { tanbiaoBeside } from './support/tanbiao.ts'
import { until } from './support/until.ts'

/**
 * Three quarters of an hour in which much goes wrong, lived in as many seconds by the real processes, then graded: what
 * was not read is interpolated between readings, what a register cannot tell is open, and nothing is invented.
 */

const SPEED = 60
/** Until the first line that is graded there are 26 real seconds, in which all processes come up, on a loaded machine too. */
const startMs = Date.parse('2026-03-02T07:34:00+08:00')
const at = (time: string): string => `2026-03-02T${time}:00+08:00`
const lastMs = Date.parse(at('08:30'))

const gateways = {
  'gw-a': ['sound', 'dead', 'reset', 'replaced'],
  'gw-b': ['unpowered'],
} as const
const gatewayIds = ['gw-a', 'gw-b'] as const
const meters = [...gateways['gw-a'], ...gateways['gw-b']]

const scenario = {
  park: 'test-park',
  seed: 7,
  registersFrom: '2026-02-01T00:00:00+08:00',
  utcOffset: '+08:00',
  latitude: 39.1,
  flows: Object.fromEntries(
    meters.map((meter, index) => [meter, { kind: 'continuous' as const, mean: 400 + 100 * index }]),
  ),
}

const REPLACED_AT = at('08:21')

const faults = [
  { kind: 'dead', meter: 'dead', at: at('08:03'), for: '17m' },
  { kind: 'reset', meter: 'reset', at: at('08:19') },
  { kind: 'replacement', meter: 'replaced', at: REPLACED_AT },
  { kind: 'power-cut', gateway: 'gw-b', at: at('08:04'), for: '17m' },
  { kind: 'cable-cut', bus: 'gw-a/bus-1', at: at('08:23'), for: '4m' },
]

/** The park as its manager keeps it: the replacement is noted with both readings, the reset is not. */
function parkWithReplacement(): z.input<typeof parkDescription> {
  const park = parkOf(
    Object.fromEntries(gatewayIds.flatMap((gateway) => gateways[gateway].map((meter) => [meter, gateway]))),
  )
  const indexed = indexPark(parkDescription.parse(park))
  const plant = makePlant({ ...scenarioFile.parse(scenario), series: new Map() }, indexed)
  const shown = completedSteps(plant.energyAt('replaced', Date.parse(REPLACED_AT)), '0.001')
  const event = {
    kind: 'replacement' as const,
    at: REPLACED_AT,
    quantity: 'activeEnergyImport.total' as const,
    final: { count: shown, resolution: '0.001' },
    initial: { count: 0, resolution: '0.001' },
  }
  return {
    ...park,
    enterprises: (park.enterprises ?? []).map((enterprise) => ({
      ...enterprise,
      meters: (enterprise.meters ?? []).map((meter) =>
        meter.id === 'replaced' ? { ...meter, events: [event] } : meter,
      ),
    })),
  }
}

/** What the works buy, and whose meters of it went through which fault. */
const accounting = {
  park: 'test-park',
  revision: '1',
  standardCoal: { edition: 'gb2589-2020' },
  accounts: [
    {
      account: 'test-works',
      sector: 'industry',
      fuelSet: 'S1',
      electricityRegion: 'tianjin',
      sources: meters.map((meter) => ({
        id: `bought-${meter}`,
        name: { zh: '净购入电力', en: 'Purchased electricity' },
        kind: 'electricity-purchased',
        item: 'electricity',
        measured: [{ meter }],
      })),
    },
  ],
}

const figure = z.object({
  truth: z.coerce.number(),
  platform: z.coerce.number(),
  causes: z.record(z.string(), z.coerce.number()),
  left: z.coerce.number(),
  rounding: z.coerce.number(),
})
type Figure = z.infer<typeof figure>

const graded = z.object({
  clean: z.boolean(),
  accounts: z.array(figure.extend({ account: z.string(), source: z.string() })),
  balance: z.array(figure.extend({ account: z.string(), item: z.string(), row: z.string() })),
  meters: z.array(
    z.object({
      meter: z.string(),
      slots: z.int(),
      missing: z.int(),
      methods: z.record(z.string(), z.object({ slots: z.int() })),
      findings: z.array(z.object({ cause: z.string(), truth: z.string(), reasons: z.array(z.string()) })),
    }),
  ),
})

/** True for an interval of a register that was read at that moment, or a moment after it. */
const isKnownUpTo = (interval: Interval | undefined, atMs: number): boolean =>
  interval?.state === 'known' && interval.basis === 'register' && interval.closing.atMs === atMs

describe('A park in which much goes wrong', () => {
  let installation: Installation
  let withFaults: z.infer<typeof graded>
  let withoutFaults: z.infer<typeof graded>
  const cuts: string[] = []

  beforeAll(async () => {
    installation = makeInstallation()
    const mqttPort = await freePort()
    const ports = { 'gw-a': await freePort(), 'gw-b': await freePort() }
    const park = installation.write('park.yaml', parkWithReplacement())
    installation.write('accounting.yaml', accounting)
    const scenarioPath = installation.write('scenario.yaml', { ...scenario, faults })
    const configs = gatewayIds.map((gateway) => {
      const described = gatewayOf({
        gateway,
        meters: gateways[gateway],
        profile: 'schneider-iem3155',
        modbusPort: ports[gateway],
        mqttPort,
        everySeconds: 1,
      })
      const faster = fasterGateway(gatewayFile.parse(described), SPEED)
      return { gateway, file: installation.write(`${gateway}.yaml`, faster) }
    })
    const faultLog = join(installation.folder, 'faults.jsonl')
    const data = join(installation.folder, 'server')
    const pace = {
      speed: SPEED,
      since: new Date().toISOString(),
      from: new Date(startMs).toISOString(),
    }
    const plant = { scenario: scenarioPath, park, gateway: configs.map(({ file }) => file) }
    const simulator = installation.start('simulate', 'simulate', { ...plant, ...pace, 'fault-log': faultLog })
    const server = installation.start('serve', 'serve', {
      park,
      data,
      port: 0,
      'mqtt-port': mqttPort,
      simulated: true,
      'open-as': 'auditor',
      ...pace,
    })
    const powered = configs.map(({ gateway, file }) => ({
      gateway,
      ...startPowered(() =>
        installation.start(gateway, 'edge', {
          config: file,
          data: join(installation.folder, gateway),
          ...pace,
        }),
      ),
    }))
    simulator.heard('gateway-power', ({ gateway, on }) => {
      cuts.push(`${gateway} ${on ? 'on' : 'off'}`)
      powered.find((each) => each.gateway === gateway)?.power(on)
    })
    for (const { keepAlive } of powered) void keepAlive(() => false)
    await Promise.all([simulator.told('ready'), server.told('ready')])

    const isOver = async (): Promise<true | undefined> => {
      const books = fromBooks(join(data, 'books.sqlite'))
      try {
        const last = await Promise.all(
          [...indexPark(parkDescription.parse(parkWithReplacement())).meters.values()].map((meter) =>
            books.intervals(meter, { fromMs: lastMs - SLOT_MS, toMs: lastMs }),
          ),
        )
        return last.every(([interval]) => isKnownUpTo(interval, lastMs)) ? true : undefined
      } finally {
        books.close()
      }
    }
    await until(isOver, 100_000)
    for (const child of [...powered.map(({ child }) => child()), server, simulator]) await child.stop()

    // A millisecond of real time is 60 of this park's.
    const what = `--from ${at('08:00')} --to ${at('08:30')} --answer-ms 6000 --json`.split(' ')
    const where = ['--scenario', scenarioPath, '--park', park, '--data', data]
    const asked = [...where, ...configs.flatMap(({ file }) => ['--config', file]), ...what]
    const gradeOf = async (...more: readonly string[]): Promise<z.infer<typeof graded>> =>
      graded.parse(JSON.parse((await tanbiaoBeside('grade', ...asked, ...more)).stdout))
    withFaults = await gradeOf('--fault-log', faultLog)
    withoutFaults = await gradeOf()
  })

  afterAll(async () => {
    await installation.remove()
  })

  it('has had the power of a gateway cut, and given back', () => {
    expect(cuts).toEqual(['gw-b off', 'gw-b on'])
  })

  it('has nothing invented, and whatever is lost is explained by its fault', () => {
    const { clean, meters: grades } = withFaults
    const causes = new Map(grades.map(({ meter, findings }) => [meter, findings.map(({ cause }) => cause)]))
    expect(clean, JSON.stringify(grades, null, 1)).toBe(true)
    expect(grades.map(({ slots }) => slots)).toEqual(meters.map(() => 2))
    // What flowed while nobody could read is between the readings around it.
    for (const meter of ['sound', 'dead', 'replaced', 'unpowered'])
      expect(causes.get(meter), meter).toEqual([])
    // Nobody noted the reset: how much had flowed up to it is not known, and said so.
    expect(new Set(causes.get('reset'))).toEqual(new Set(['lost']))
    const reset = grades.find(({ meter }) => meter === 'reset')
    expect(reset?.findings.every(({ reasons }) => reasons.some((each) => each.endsWith(' reset')))).toBe(true)
  })

  it('says of the slots in which nobody could read that they are apportioned', () => {
    const { meters: grades } = withFaults
    const isApportioned = grades.map(({ meter, methods }) => [meter, 'apportioned' in methods])
    expect(Object.fromEntries(isApportioned)).toEqual({
      sound: false,
      dead: true,
      reset: false,
      replaced: false,
      unpowered: true,
    })
  })

  /** All that differs is named, but for what readings round away, and that is of no substance. */
  const expectNamed = (of: Figure, what: string): void => {
    expect(Math.abs(of.left), what).toBeLessThanOrEqual(of.rounding)
    const named = Object.values(of.causes).reduce((sum, caused) => sum + caused, of.left)
    expect(of.platform - of.truth, what).toBeCloseTo(named, 9)
    expect(of.rounding, what).toBeLessThan(Math.abs(of.truth) * 0.02)
  }

  it('has carbon accounts that differ by what the faults took from their meters, and by nothing else', () => {
    const { accounts } = withFaults
    expect(accounts.map(({ source }) => source)).toEqual(meters.map((meter) => `bought-${meter}`))
    for (const each of accounts) expectNamed(each, each.source)
    for (const { source, causes } of accounts) {
      const lost = causes['lost'] ?? 0
      if (source === 'bought-reset') expect(lost).toBeLessThan(0)
      else expect(lost, source).toBe(0)
      expect(causes, source).not.toHaveProperty('unjudged')
    }
  })

  it('has a balance that differs by the same', () => {
    const { balance, meters: grades } = withFaults
    const rows = ['inflow', 'industry', 'difference']
    expect(balance.map(({ account, item, row }) => [account, item, row])).toEqual(
      rows.map((row) => ['test-works', 'electricity', row]),
    )
    const lost = grades.flatMap(({ findings }) => findings.map(({ truth }) => Number(truth)))
    const sum = lost.reduce((all, each) => all + each, 0)
    for (const each of balance) {
      if (each.row === 'difference') continue
      expectNamed(each, each.row)
      expect(each.causes['lost'], each.row).toBeCloseTo(-sum, 6)
    }
    // What is bought is what is used here: whatever was lost of it is lost on both sides.
    expect(balance.at(-1)).toMatchObject({ platform: 0, truth: 0, causes: {} })
  })

  it('has differences without a reason where the fault is not known', () => {
    const { clean, meters: grades } = withoutFaults
    expect(clean).toBe(false)
    const open = grades.flatMap(({ meter, findings }) => (findings.length === 0 ? [] : [meter]))
    expect(open).toEqual(['reset'])
  })
})
