import { z } from 'zod'
import { confidences } from '#accounts/factor.ts'
import { loadRuleFile } from '#accounts/load/load-rule.ts'
import { costGaps, type CostGap } from '#accounts/tariff/cost-gaps.ts'
import { tariffPeriods } from '#accounts/tariff/price.ts'
import { epochMs, identifier, localName } from '#contract/identity.ts'

/** Cost and load of an account's electricity in a month, as they are published. Numbers are exact decimal texts. */

const decimal = z.string().nullable()
const gapNames = Object.keys(costGaps).filter((name): name is CostGap => name in costGaps)
const charge = z.object({ cny: decimal, notAvailable: z.array(z.enum(gapNames)) })

export const electricityCostShape = z.object({
  account: identifier,
  fromMs: epochMs,
  toMs: epochMs,
  tariff: z.object({ id: identifier, name: localName }),
  kwh: decimal,
  known: z.int(),
  missing: z.int(),
  lines: z.array(
    z.object({
      period: z.enum(tariffPeriods).nullable(),
      kwh: decimal,
      known: z.int(),
      missing: z.int(),
      cnyPerKwh: decimal,
      cny: decimal,
      schedule: z
        .object({ from: z.string(), document: z.string(), confidence: z.enum(confidences) })
        .nullable(),
      price: z.object({ document: z.string(), confidence: z.enum(confidences) }).nullable(),
    }),
  ),
  demand: z.object({ kw: z.string(), slotMs: epochMs, measured: z.int(), unmeasured: z.int() }).nullable(),
  powerFactor: decimal,
  adjustment: z
    .object({ percent: z.string(), confidence: z.enum(confidences), otherwise: decimal })
    .nullable(),
  energyCharge: charge,
  basic: z
    .object({
      by: z.enum(['maximum-demand', 'contracted-demand', 'capacity']).nullable(),
      demandKw: decimal.meta({
        description: 'Maximum demand that is charged; of several incomers their sum',
      }),
      contractKw: decimal,
      beyondKw: decimal.meta({
        description: 'What of the demand is beyond the share that the contract covers',
      }),
    })
    .nullable()
    .meta({ description: 'What the basic charge is computed of; null where the price has none' }),
  basicCharge: charge.nullable(),
  powerFactorCharge: charge.nullable(),
  total: charge,
})
export type ElectricityCostShape = z.output<typeof electricityCostShape>

export const loadShape = z.object({
  account: identifier,
  fromMs: epochMs,
  toMs: epochMs,
  rules: z.record(z.string(), localName),
  kwh: decimal,
  known: z.int(),
  missing: z.int(),
  unmeasured: z.int(),
  coverage: decimal.meta({ description: 'Slots measured in full, of those that are over' }),
  notAvailable: z
    .enum(['too-few-slots'])
    .nullable()
    .meta({ description: 'Why only energy and the maximum of what was measured are given' }),
  rule: loadRuleFile,
  demand: z.object({ kw: z.string(), slotMs: epochMs, measured: z.int(), unmeasured: z.int() }).nullable(),
  contractUse: decimal,
  meanKw: decimal,
  loadFactor: decimal,
  baseLoadKw: decimal,
  nightShare: decimal,
  weekendShare: decimal,
  periodShares: z.array(z.object({ period: z.enum(tariffPeriods), share: z.string() })),
  profile: z.array(z.object({ date: z.iso.date(), weekday: z.int(), hours: z.array(decimal) })),
})
export type LoadShape = z.output<typeof loadShape>
