import { z } from 'zod'
import { decimalText } from '#contract/decimal-text.ts'
import { identifier, localName } from '#contract/identity.ts'
import { quotient, textOf, type Decimal } from '../decimal.ts'
import { isDoubtful, confidences, type Confidence } from '../factor.ts'
import { daysBetween } from '../recorded-quantity.ts'
import { allocationsOf, type ProductFacts } from './communication.ts'
import { unknownOutput, type ProductFootprint } from './footprint.ts'

/**
 * A gate-to-gate data set in the manner of ISO 14067 and GB/T 24067-2024, for a footprint background database. The
 * standards' own text could not be read, so the data set says that its fields are unverified.
 */

const score = z.int().min(1).max(5).meta({ description: '1 very good … 5 poor' })

export const footprintDataset = z.strictObject({
  format: z.literal('tanbiao-footprint-dataset-1'),
  metadata: z.strictObject({
    product: identifier,
    name: localName,
    functionalUnit: z.string(),
    systemBoundary: z.literal('gate-to-gate'),
    boundaryNote: localName,
    standards: z.array(z.string()),
    referencePeriod: z.strictObject({ from: z.iso.date(), to: z.iso.date() }),
    geography: z.string(),
    technology: z.array(identifier).meta({ description: 'Processes of the park file' }),
    allocation: z.array(z.unknown()),
    cutOff: localName,
    dataSources: localName,
  }),
  inventory: z.array(
    z.strictObject({
      direction: z.enum(['input', 'output']),
      item: z.string(),
      perUnit: decimalText.nullable(),
      unit: z.string(),
    }),
  ),
  results: z.strictObject({
    unit: z.string(),
    direct: decimalText.nullable(),
    electricity: decimalText.nullable(),
    electricityFactor: z
      .strictObject({
        kgCo2ePerKwh: decimalText,
        code: z.string(),
        document: z.string(),
        confidence: z.enum(confidences),
      })
      .nullable()
      .meta({ description: 'A footprint factor, never the average factor of accounts' }),
    notAvailable: z.array(z.string()),
  }),
  quality: z.strictObject({
    time: score,
    geography: score,
    technology: score,
    completeness: score,
    reliability: score,
    rules: z.record(z.string(), z.string()),
  }),
  unverified: z.array(z.string()),
})
export type FootprintDataset = z.output<typeof footprintDataset>

/** The rule of each score, handed on beside it. */
const scoreRules = {
  time: '1: 12 months or more · 2: 6 months or more · 3: 3 months or more · 4: a month or more · 5: less',
  geography: '1: measured at the installation itself',
  technology:
    '1: measured at the processes that make the product · 3: some processes are shared with other products',
  completeness: '1: ≤ 1 % of slots missing · 2: ≤ 5 % · 3: ≤ 10 % · 4: ≤ 20 % · 5: more',
  reliability:
    '1: measured, no factor doubtful · 3: default factors · 4: a factor is unverified or sources disagree',
}

const scoreOf = (value: number, limits: readonly number[]): number => {
  const place = limits.findIndex((limit) => value <= limit)
  return place === -1 ? limits.length + 1 : place + 1
}

const MONTH_DAYS = 30

/** A footprint factor of electricity, kgCO2e/kWh. */
export interface FootprintFactor {
  readonly value: Decimal
  readonly code: string
  readonly document: string
  readonly confidence: Confidence
}

/** The data set of a product and period. */
export function footprintDatasetOf(
  facts: ProductFacts,
  footprint: ProductFootprint,
  electricity: FootprintFactor | undefined,
): FootprintDataset {
  const { product, from, to, allocations } = facts
  const { flows, output } = footprint
  // A part of the output under the whole of the flows would be too much for each unit.
  const made = output.complete ? output.total : undefined
  const perUnit = (value: Decimal | undefined): string | null =>
    value === undefined || made === undefined || made.lte(0) ? null : textOf(quotient(value, made))
  const days = daysBetween(from, to)
  const items = new Map<string, { unit: string; amount: Decimal | undefined }>()
  for (const { item, unit, amount, share, isMade } of flows) {
    if (isMade === true) continue
    const before = items.get(item)
    const part = share === undefined ? undefined : amount?.times(share)
    const sum = before === undefined ? part : part === undefined ? undefined : before.amount?.plus(part)
    items.set(item, { unit, amount: sum })
  }
  const kwh =
    footprint.electricityMwh.state === 'known' ? footprint.electricityMwh.value.times(1_000) : undefined
  const electricityPerUnit =
    kwh === undefined || electricity === undefined ? null : perUnit(kwh.times(electricity.value))
  const direct = footprint.direct.state === 'known' ? perUnit(footprint.direct.value.times(1_000)) : null
  const doubtful = [electricity, ...flows.map(({ factor }) => factor)].some(
    (factor) => factor !== undefined && isDoubtful(factor),
  )
  return {
    format: 'tanbiao-footprint-dataset-1',
    metadata: {
      product: product.id,
      name: product.name,
      functionalUnit: `1 ${product.unit}`,
      systemBoundary: 'gate-to-gate',
      boundaryNote: {
        zh: '从大门到大门：仅含本企业所列工序，不含原材料与上游燃料',
        en: 'Gate to gate: the named processes of this installation, without raw materials and upstream fuels',
      },
      standards: ['ISO 14067', 'GB/T 24067-2024'],
      referencePeriod: { from, to },
      geography: 'CN',
      technology: [...new Set(flows.map(({ process }) => process))],
      allocation: allocationsOf(facts),
      cutOff: { zh: '所列工序内未舍去任何计量流', en: 'No measured flow of the named processes was cut off' },
      dataSources: {
        zh: '计量器具15分钟数据与生产记录',
        en: '15-minute data of meters, and production records',
      },
    },
    inventory: [
      ...[...items].map(([item, { unit, amount }]) => ({
        direction: 'input' as const,
        item,
        perUnit: perUnit(amount),
        unit: `${unit}/${product.unit}`,
      })),
      { direction: 'output', item: product.id, perUnit: '1', unit: product.unit },
    ],
    results: {
      unit: `kgCO2e/${product.unit}`,
      direct,
      electricity: electricityPerUnit,
      electricityFactor:
        electricity === undefined
          ? null
          : {
              kgCo2ePerKwh: textOf(electricity.value),
              code: electricity.code,
              document: electricity.document,
              confidence: electricity.confidence,
            },
      notAvailable: [
        ...(footprint.direct.state === 'known' ? [] : footprint.direct.why),
        ...(electricity === undefined ? ['no footprint factor of electricity is known'] : []),
        ...(made === undefined ? [unknownOutput(output)] : []),
      ],
    },
    quality: {
      time: scoreOf(
        -days,
        [12, 6, 3, 1].map((months) => -months * MONTH_DAYS),
      ),
      geography: 1,
      technology: allocations.every(({ allocation }) => allocation.by === 'only-product') ? 1 : 3,
      completeness: scoreOf(footprint.missingShare, [0.01, 0.05, 0.1, 0.2]),
      reliability: doubtful ? 4 : flows.some(({ isDefault }) => isDefault) ? 3 : 1,
      rules: scoreRules,
    },
    unverified: [
      'Fields and quality scores: the text of ISO 14067 and GB/T 24067-2024 was not read; 字段与评分规则未经标准原文核实',
      'Direct emissions are CO2 of combustion; upstream emissions of fuels are not in them',
      ...(doubtful ? ['A factor is unverified, or its sources disagree'] : []),
    ],
  }
}
