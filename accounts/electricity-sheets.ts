import type { LocalName } from '#contract/identity.ts'
import { aboutLines, type ReportHead } from './balance-report.ts'
import { decimal, textOf, type Decimal } from './decimal.ts'
import type { LoadFigures, ProfileDay } from './load/load-figures.ts'
import type { LoadRule } from './load/load-rule.ts'
import type { MaximumDemand } from './load/demand.ts'
import { numberCell, type ReportCell, type ReportSheet, type Say } from './report-sheet.ts'
import { costGaps } from './tariff/cost-gaps.ts'
import type { Charge } from './tariff/charge.ts'
import type { ContractedDemandRule } from './tariff/contracted-demand.ts'
import type { ElectricityCost } from './tariff/electricity-cost.ts'
import type { TariffPeriod } from './tariff/price.ts'
import type { Tariff } from './tariff/tariff.ts'

/** The electricity bill and the load of an account as sheets, rounded for print. */

const periodNames: Readonly<Record<TariffPeriod, LocalName>> = {
  sharp: { zh: '尖峰', en: 'Sharp peak' },
  peak: { zh: '高峰', en: 'Peak' },
  flat: { zh: '平段', en: 'Flat' },
  valley: { zh: '低谷', en: 'Valley' },
  deepValley: { zh: '深谷', en: 'Deep valley' },
}
const NO_TARIFF: LocalName = { zh: '无已知电价方案', en: 'no tariff known' }
const HUNDRED = decimal('100')

const percentCell = (share: Decimal | undefined): ReportCell => numberCell(share?.times(HUNDRED), 2)

/** When a demand was reached, on the park's clock. */
const momentOf = ({ slotMs }: MaximumDemand, timeZone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(slotMs)
    .toZonedDateTimeISO(timeZone)
    .toPlainDateTime()
    .toString({ smallestUnit: 'minute' })
    .replace('T', ' ')

const chargeCell = (charge: Charge, say: Say): ReportCell =>
  charge.state === 'known'
    ? numberCell(charge.cny, 2)
    : charge.why.map((gap) => say(costGaps[gap])).join('; ')

/** The bill of a month: energy by period, and what it adds up to with all charges. */
export function costSheets(
  head: ReportHead,
  {
    tariff,
    cost,
    contractRule,
  }: {
    readonly tariff: Tariff
    readonly cost: ElectricityCost
    readonly contractRule: ContractedDemandRule
  },
  timeZone: string,
  say: Say,
): ReportSheet[] {
  const { lines, demand, powerFactor, adjustment, energyCharge, basic, powerFactorCharge } = cost
  const documents = new Set(
    lines.flatMap(({ schedule, price }) =>
      [schedule, price].flatMap((each) =>
        each === undefined ? [] : `${each.document} (${each.confidence})`,
      ),
    ),
  )
  const charges: readonly (readonly [LocalName, Charge | undefined])[] = [
    [{ zh: '电度电费', en: 'Energy charge' }, energyCharge],
    [{ zh: '基本电费', en: 'Basic charge' }, basic?.charge],
    [{ zh: '功率因数调整电费', en: 'Power-factor adjustment' }, powerFactorCharge],
    [{ zh: '合计', en: 'Total' }, cost.total],
  ]
  return [
    {
      name: say({ zh: '分时电量电费', en: 'Energy by period' }),
      title: say({ zh: '分时电量与电度电费', en: 'Energy and its cost by tariff period' }),
      about: [...aboutLines(head, say), say(tariff.name)],
      head: [
        { zh: '时段', en: 'Period' },
        { zh: '电量 kWh', en: 'kWh' },
        { zh: '单价 元/kWh', en: 'CNY/kWh' },
        { zh: '电费 元', en: 'CNY' },
        { zh: '已知时段数', en: 'Slots known' },
        { zh: '缺失', en: 'Missing' },
      ].map(say),
      rows: lines.map(({ period, kwh, cnyPerKwh, cny, known, missing }): ReportCell[] => [
        say(period === undefined ? NO_TARIFF : periodNames[period]),
        numberCell(kwh, 2, missing > 0),
        cnyPerKwh === undefined ? undefined : textOf(cnyPerKwh),
        numberCell(cny, 2, missing > 0),
        String(known),
        String(missing),
      ]),
      notes: [...documents],
    },
    {
      name: say({ zh: '电费', en: 'Bill' }),
      title: say({ zh: '电费构成', en: 'What the bill is made of' }),
      about: aboutLines(head, say),
      head: [say({ zh: '项目', en: 'What' }), say({ zh: '结果', en: 'Result' })],
      rows: [
        [say({ zh: '电量 kWh', en: 'Energy, kWh' }), numberCell(cost.kwh, 2, cost.missing > 0)],
        [say({ zh: '最大需量 kW', en: 'Maximum demand, kW' }), numberCell(demand?.kw, 2)],
        [
          say({ zh: '最大需量时刻', en: 'It was reached at' }),
          demand === undefined ? undefined : momentOf(demand, timeZone),
        ],
        ...billedDemandRows(basic, say),
        [say({ zh: '平均功率因数', en: 'Mean power factor' }), numberCell(powerFactor, 2)],
        [
          say({ zh: '功率因数调整 %', en: 'Adjustment by power factor, %' }),
          numberCell(adjustment?.percent, 2),
        ],
        ...charges.flatMap(([name, charge]): ReportCell[][] =>
          charge === undefined ? [] : [[`${say(name)} (${say(CNY)})`, chargeCell(charge, say)]],
        ),
      ],
      notes: [
        ...limitsOf(cost, contractRule, say),
        ...(adjustment === undefined
          ? []
          : [
              `${say({ zh: '功率因数调整系数可信度', en: 'Confidence of the adjustment' })}: ${adjustment.confidence}${adjustment.otherwise === undefined ? '' : ` (${textOf(adjustment.otherwise)} %)`}`,
            ]),
      ],
    },
  ]
}

/** Demands that a basic charge is by, where they are other ones than the maximum of the account as a whole. */
function billedDemandRows(basic: ElectricityCost['basic'], say: Say): ReportCell[][] {
  const row = (name: LocalName, kw: Decimal | undefined): ReportCell[][] =>
    kw === undefined ? [] : [[say(name), numberCell(kw, 2)]]
  return [
    ...row({ zh: '计费最大需量 kW', en: 'Maximum demand charged, kW' }, basic?.demandKw),
    ...row({ zh: '合同最大需量 kW', en: 'Contracted demand, kW' }, basic?.contract?.contractKw),
    ...row({ zh: '超出合同部分 kW', en: 'Beyond the contract, kW' }, basic?.contract?.beyondKw),
  ]
}

/** What the bill does not know, where that can change it, and by which rule a contract is charged. */
function limitsOf(
  { missing, basic, demand }: ElectricityCost,
  { document, confidence, freeShare, timesBeyond }: ContractedDemandRule,
  say: Say,
): string[] {
  const isByDemand = basic?.by === 'maximum-demand' || basic?.by === 'contracted-demand'
  const isUnmeasured = demand !== undefined && demand.unmeasured > 0
  return [
    ...(missing > 0
      ? [
          say({
            zh: '有缺失时段：电费只含已知时段',
            en: 'Slots are missing: the charges are those of the known slots alone',
          }),
        ]
      : []),
    ...(isByDemand && (isUnmeasured || missing > 0)
      ? [
          say({
            zh: '有时段未完整测量：实际最大需量可能更大',
            en: 'Slots were not measured in full: the true maximum demand may be greater',
          }),
        ]
      : []),
    ...(basic?.by === 'contracted-demand'
      ? [
          say({
            zh: `基本电费按合同最大需量计收；超过其 ${freeShare} 倍的部分按 ${timesBeyond} 倍计收；多路进线各自计量、累加（${document}，${confidence}）`,
            en: `The basic charge is by the contracted demand; what is beyond ${freeShare} times it is charged ${timesBeyond} times; several incomers are measured one by one and added up (${document}, ${confidence})`,
          }),
        ]
      : []),
    ...(basic?.by === 'maximum-demand'
      ? [
          say({
            zh: '基本电费按实际最大需量乘单价；多路进线各自计量、累加',
            en: 'The basic charge is the actual maximum demand times its price; several incomers are measured one by one and added up',
          }),
        ]
      : []),
  ]
}

const CNY: LocalName = { zh: '元', en: 'CNY' }
const HOURS = Array.from({ length: 24 }, (_, hour) => `${String(hour).padStart(2, '0')}:00`)

const tooFewSlots = ({ completeness, slots, document }: LoadRule): LocalName => ({
  zh: `完整测量的时段太少，负荷指标不可得：须不少于已过时段的 ${completeness}，且不少于 ${slots} 个（${document}）。`,
  en: `Too few slots were measured in full, so what the load is like is not available: at least ${completeness} of those that are over, and ${slots} (${document}).`,
})

/** Load figures of a month with the rule of each, and the energy of every hour. */
export function loadSheets(
  head: ReportHead,
  { figures, profile }: { readonly figures: LoadFigures; readonly profile: readonly ProfileDay[] },
  timeZone: string,
  say: Say,
): ReportSheet[] {
  const { rules, demand } = figures
  return [
    {
      name: say({ zh: '负荷指标', en: 'Load' }),
      title: say({ zh: '负荷指标', en: 'Load figures' }),
      about: aboutLines(head, say),
      head: [say({ zh: '指标', en: 'What' }), say({ zh: '结果', en: 'Result' })],
      rows: [
        [say({ zh: '电量 kWh', en: 'Energy, kWh' }), numberCell(figures.energy, 2, figures.missing > 0)],
        [say({ zh: '最大需量 kW', en: 'Maximum demand, kW' }), numberCell(demand?.kw, 2)],
        [
          say({ zh: '最大需量时刻', en: 'It was reached at' }),
          demand === undefined ? undefined : momentOf(demand, timeZone),
        ],
        [say({ zh: '占合同需量 %', en: 'Share of the contract, %' }), percentCell(figures.contractUse)],
        [say({ zh: '平均功率 kW', en: 'Mean power, kW' }), numberCell(figures.meanKw, 2)],
        [say({ zh: '负荷率 %', en: 'Load factor, %' }), percentCell(figures.loadFactor)],
        [say({ zh: '基础负荷 kW', en: 'Base load, kW' }), numberCell(figures.baseLoadKw, 2)],
        [say({ zh: '夜间电量占比 %', en: 'Energy at night, %' }), percentCell(figures.nightShare)],
        [say({ zh: '周末电量占比 %', en: 'Energy at weekends, %' }), percentCell(figures.weekendShare)],
        ...figures.periodShares.map(({ period, share }): ReportCell[] => [
          `${say(periodNames[period])} %`,
          percentCell(share),
        ]),
        [say({ zh: '已知时段数', en: 'Slots known' }), String(figures.known)],
        [say({ zh: '缺失时段数', en: 'Slots missing' }), String(figures.missing)],
        [say({ zh: '非完整测量时段数', en: 'Slots not measured in full' }), String(figures.unmeasured)],
        [say({ zh: '完整测量时段占比 %', en: 'Slots measured in full, %' }), percentCell(figures.coverage)],
      ],
      notes: [
        ...(figures.notAvailable === undefined ? [] : [say(tooFewSlots(figures.rule))]),
        ...Object.values(rules).map((rule) => say(rule)),
      ],
    },
    {
      name: say({ zh: '逐时电量', en: 'Hours' }),
      title: say({ zh: '逐时电量 kWh', en: 'Energy of every hour, kWh' }),
      about: aboutLines(head, say),
      head: [say({ zh: '日期', en: 'Day' }), ...HOURS],
      rows: profile.map(({ date, hours }): ReportCell[] => [
        date,
        ...hours.map((hour) => (hour === null ? undefined : numberCell(hour, 2))),
      ]),
      notes: [say({ zh: '空白：该小时有数据缺失。', en: 'Blank: a part of the hour is missing.' })],
    },
  ]
}
