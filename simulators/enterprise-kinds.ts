import type { LocalName } from '#contract/identity.ts'
import type { BalanceRole } from '#contract/park.ts'
import type { FlowInput } from './flow-kinds.ts'
import type { EnterpriseKind } from './generation.ts'

/**
 * What each kind of generated enterprise consists of. All figures are assumptions of this generator, chosen to be
 * plausible together; none is a statistic.
 */

/** What a meter reads: decides its carrier, register and model. */
export type MeterUse = 'supply' | 'feeder' | 'inverter' | 'gas' | 'steam'

export interface DraftMeter {
  /** Joined to the id of the enterprise. */
  readonly id: string
  readonly name: LocalName
  readonly use: MeterUse
  readonly role: BalanceRole
  readonly flow: FlowInput
}

/** A process with its meters, and flows that nobody measures. */
export interface DraftProcess {
  readonly id: string
  readonly name: LocalName
  readonly meters: readonly DraftMeter[]
  readonly unmeasured?: Readonly<Record<string, FlowInput>>
}

/** How a draft is made: `scale` is the size of the enterprise, `between` draws a number, `at` names a flow of its own. */
export interface Drafting {
  readonly scale: number
  readonly between: (least: number, most: number) => number
  readonly at: (id: string) => string
}

const round = (value: number): number => Number(value.toPrecision(3))

const feeder = (id: string, zh: string, en: string, flow: FlowInput): DraftMeter => ({
  id,
  name: { zh, en },
  use: 'feeder',
  role: 'terminal',
  flow,
})

const single = (id: string, zh: string, en: string, flow: FlowInput): DraftProcess => ({
  id: `${id}-area`,
  name: { zh, en },
  meters: [feeder(id, zh, en, flow)],
})

const TWO_SHIFTS: [string, string][] = [
  ['06:00', '13:40'],
  ['14:00', '21:40'],
]
const THREE_SHIFTS: [string, string][] = [
  ['06:00', '13:45'],
  ['14:00', '21:45'],
  ['22:00', '05:45'],
]

function machines(
  { scale, between }: Drafting,
  line: { shifts: [string, string][]; count: number; power: number; cycleMinutes: number },
): FlowInput {
  const count = Math.min(12, Math.max(1, Math.round(line.count * scale)))
  const power = round(line.power * between(0.8, 1.25))
  return {
    kind: 'machines',
    count,
    power,
    idlePower: round(power * between(0.08, 0.18)),
    standby: round(count * power * 0.02),
    shifts: line.shifts,
    cycleMinutes: round(Math.max(count, line.cycleMinutes * between(0.8, 1.25))),
    duty: round(between(0.5, 0.75)),
    utilisation: round(between(0.8, 0.97)),
    cosPhi: round(between(0.8, 0.88)),
    currentThd: round(between(4, 9)),
  }
}

function office({ scale, between }: Drafting, kilowatts: number): FlowInput {
  return {
    kind: 'shift',
    peak: round(kilowatts * scale * between(0.8, 1.2)),
    workDay: [
      ['00:00', 0.15],
      ['07:00', 0.18],
      ['08:30', 0.9],
      ['11:50', 1],
      ['12:30', 0.7],
      ['13:30', 0.95],
      ['17:30', 0.9],
      ['19:00', 0.3],
      ['22:00', 0.15],
    ],
    restDay: [
      ['00:00', 0.15],
      ['12:00', 0.2],
    ],
    variation: 0.06,
    cosPhi: 0.94,
    currentThd: 12,
    unbalance: 0.1,
  }
}

function airConditioning({ scale, between }: Drafting, kilowattsPerDegree: number): FlowInput {
  return {
    kind: 'climate',
    base: round(2 * scale),
    above: { temperature: 24, perDegree: round(kilowattsPerDegree * scale * between(0.8, 1.2)) },
    below: { temperature: 12, perDegree: round(0.4 * kilowattsPerDegree * scale * between(0.8, 1.2)) },
    workDay: [
      ['00:00', 0.05],
      ['07:00', 0.1],
      ['08:30', 1],
      ['17:30', 0.95],
      ['19:00', 0.1],
    ],
    restDay: [['00:00', 0.05]],
    variation: 0.05,
    ripple: [{ share: 0.06, periodMinutes: round(between(6, 14)) }],
    cosPhi: 0.9,
  }
}

const compressors = (drafting: Drafting, cubicMetres: number): DraftProcess => ({
  id: 'air',
  name: { zh: '空压站', en: 'Compressed-air station' },
  meters: [
    feeder('compressors', '空压机', 'Air compressors', {
      kind: 'compressor',
      output: drafting.at('air-flow'),
      specificPower: round(drafting.between(0.1, 0.125)),
      idlePower: round(6 * drafting.scale),
      cosPhi: 0.87,
    }),
  ],
  unmeasured: {
    'air-flow': {
      kind: 'shift',
      peak: round(cubicMetres * drafting.scale * drafting.between(0.8, 1.2)),
      workDay: [
        ['00:00', 0.25],
        ['05:40', 0.25],
        ['06:20', 0.9],
        ['12:00', 1],
        ['21:30', 0.9],
        ['22:10', 0.25],
      ],
      restDay: [['00:00', 0.2]],
      variation: 0.05,
      ripple: [{ share: 0.12, periodMinutes: round(drafting.between(3, 6)) }],
    },
  },
})

/** A gas-fired steam boiler with the gas and the steam measured. */
const boilerHouse = (drafting: Drafting, tonnesPerHour: number, aroundTheClock: boolean): DraftProcess => ({
  id: 'boiler-house',
  name: { zh: '锅炉房', en: 'Boiler house' },
  meters: [
    {
      id: 'gas',
      name: { zh: '天然气总表', en: 'Gas intake' },
      use: 'gas',
      role: 'boundary',
      flow: { kind: 'sum', of: [drafting.at('boiler-gas')] },
    },
    {
      id: 'boiler-gas',
      name: { zh: '锅炉用气', en: 'Boiler gas' },
      use: 'gas',
      role: 'conversion-input',
      flow: {
        kind: 'boiler',
        output: drafting.at('steam'),
        efficiency: round(drafting.between(0.88, 0.94)),
        steamHeat: 2.69,
        heatingValue: 38.931,
      },
    },
    {
      id: 'steam',
      name: { zh: '锅炉产汽', en: 'Boiler steam' },
      use: 'steam',
      role: 'conversion-output',
      flow: aroundTheClock
        ? {
            kind: 'continuous',
            mean: round(tonnesPerHour * drafting.scale * 0.8),
            daySwing: 0.1,
            variation: 0.05,
            ripple: [{ share: 0.05, periodMinutes: 11 }],
          }
        : {
            kind: 'shift',
            peak: round(tonnesPerHour * drafting.scale),
            workDay: [
              ['00:00', 0.08],
              ['05:00', 0.08],
              ['06:30', 0.95],
              ['18:30', 0.9],
              ['20:00', 0.08],
            ],
            restDay: [['00:00', 0.08]],
            variation: 0.05,
            ripple: [{ share: 0.05, periodMinutes: 9 }],
          },
    },
  ],
})

/** Chillers that make cold for a need, with the weather in both. */
const chillers = (drafting: Drafting, need: FlowInput): DraftProcess => ({
  id: 'cooling',
  name: { zh: '冷站', en: 'Cooling plant' },
  meters: [
    feeder('chillers', '冷水机组', 'Chillers', {
      kind: 'chiller',
      output: drafting.at('cold'),
      cop: round(drafting.between(4.2, 5.4)),
      copPerDegree: 0.08,
      cosPhi: 0.88,
    }),
  ],
  unmeasured: { cold: need },
})

const roof = (drafting: Drafting, kilowatts: number): DraftProcess => ({
  id: 'roof',
  name: { zh: '屋顶', en: 'Roof' },
  meters: [
    {
      id: 'pv',
      name: { zh: '屋顶光伏', en: 'Rooftop PV' },
      use: 'inverter',
      role: 'production',
      flow: { kind: 'photovoltaic', peak: round(kilowatts * drafting.scale), cloudiness: 0.75 },
    },
  ],
})

const continuous = (
  { scale, between }: Drafting,
  kilowatts: number,
  daySwing: number,
  cosPhi = 0.9,
): FlowInput => ({
  kind: 'continuous',
  mean: round(kilowatts * scale * between(0.8, 1.2)),
  daySwing,
  peakHour: round(between(10, 17)),
  variation: 0.04,
  ripple: [{ share: 0.06, periodMinutes: round(between(11, 33)) }],
  cosPhi,
})

const offices = (drafting: Drafting, kilowatts: number): DraftProcess =>
  single('offices', '办公', 'Offices', office(drafting, kilowatts))

/** The processes of an enterprise of a kind. */
export const draftsOf: Readonly<Record<EnterpriseKind, (drafting: Drafting) => readonly DraftProcess[]>> = {
  'steel-processing': (d) => [
    single(
      'forming',
      '成型车间',
      'Forming shop',
      machines(d, { shifts: TWO_SHIFTS, count: 5, power: 75, cycleMinutes: 20 }),
    ),
    single('furnaces', '热处理', 'Heat treatment', continuous(d, 260, 0.06, 0.97)),
    compressors(d, 900),
    offices(d, 40),
  ],
  chemicals: (d) => [
    single('reactors', '反应装置', 'Reactors', continuous(d, 320, 0.05)),
    {
      id: 'pump-house',
      name: { zh: '循环水泵房', en: 'Circulating-water pumps' },
      meters: [
        feeder('pumps', '循环水泵', 'Circulating pumps', {
          kind: 'pump',
          output: d.at('circulating-water'),
          headMetres: round(d.between(28, 45)),
          efficiency: 0.72,
          cosPhi: 0.87,
        }),
      ],
      unmeasured: { 'circulating-water': { kind: 'continuous', mean: round(420 * d.scale), daySwing: 0.08 } },
    },
    chillers(d, {
      kind: 'climate',
      base: round(180 * d.scale),
      above: { temperature: 18, perDegree: round(14 * d.scale) },
      workDay: [['00:00', 1]],
      restDay: [['00:00', 0.9]],
    }),
    boilerHouse(d, 3, true),
    offices(d, 45),
  ],
  'food-processing': (d) => [
    single('cold-store', '冷库', 'Cold store', {
      kind: 'climate',
      base: round(110 * d.scale),
      above: { temperature: 5, perDegree: round(4 * d.scale) },
      workDay: [
        ['00:00', 0.9],
        ['08:00', 1],
        ['19:00', 0.95],
      ],
      restDay: [['00:00', 0.85]],
      restDays: [],
      variation: 0.04,
      ripple: [{ share: 0.1, periodMinutes: round(d.between(14, 24)) }],
      cosPhi: 0.87,
    }),
    single(
      'packing',
      '包装车间',
      'Packing shop',
      machines(d, { shifts: [['07:00', '19:30']], count: 4, power: 32, cycleMinutes: 12 }),
    ),
    boilerHouse(d, 2.2, false),
    offices(d, 30),
  ],
  electronics: (d) => [
    single(
      'assembly',
      '贴装车间',
      'Assembly lines',
      machines(d, { shifts: THREE_SHIFTS, count: 6, power: 45, cycleMinutes: 30 }),
    ),
    single('clean-rooms', '洁净空调', 'Clean-room air', continuous(d, 180, 0.04)),
    chillers(d, {
      kind: 'climate',
      base: round(260 * d.scale),
      above: { temperature: 16, perDegree: round(18 * d.scale) },
      workDay: [['00:00', 1]],
      restDay: [['00:00', 0.8]],
    }),
    compressors(d, 700),
    ...(d.between(0, 1) < 0.6 ? [roof(d, 180)] : []),
    offices(d, 60),
  ],
  logistics: (d) => [
    single('halls', '仓库照明', 'Hall lighting', office(d, 70)),
    single(
      'charging',
      '叉车充电',
      'Truck charging',
      machines(d, { shifts: [['20:00', '05:00']], count: 6, power: 12, cycleMinutes: 150 }),
    ),
    single(
      'sorting',
      '分拣线',
      'Sorting line',
      machines(d, { shifts: [['08:00', '22:00']], count: 4, power: 18, cycleMinutes: 15 }),
    ),
    single('climate', '空调', 'Air conditioning', airConditioning(d, 4)),
  ],
  'data-centre': (d) => [
    {
      id: 'halls',
      name: { zh: '机房', en: 'Server halls' },
      meters: [
        feeder('ups', 'UPS 输入', 'UPS input', { kind: 'sum', of: [d.at('servers')], lossShare: 0.05 }),
      ],
      unmeasured: { servers: continuous(d, 600, 0.04, 0.98) },
    },
    chillers(d, {
      kind: 'climate',
      base: round(560 * d.scale),
      above: { temperature: 10, perDegree: round(4 * d.scale) },
      workDay: [['00:00', 1]],
      restDay: [['00:00', 1]],
      restDays: [],
      variation: 0.02,
    }),
    single('auxiliaries', '辅助设施', 'Auxiliaries', continuous(d, 40, 0.03)),
  ],
  office: (d) => [
    single('floors', '照明插座', 'Lighting and sockets', office(d, 120)),
    single('climate', '空调', 'Air conditioning', airConditioning(d, 12)),
    single(
      'lifts',
      '电梯',
      'Lifts',
      machines(d, { shifts: [['07:30', '20:00']], count: 3, power: 16, cycleMinutes: 8 }),
    ),
  ],
}
