import { z } from 'zod'
import { localName, type LocalName } from '#contract/identity.ts'
import { confidences, type Basis, type ElectricitySeries, type FactorFiles } from './factor.ts'

/** Every row of the factor files in one shape, for a list that people read. */

export const factorKinds = ['electricity', 'standard-coal', 'fuel', 'heat', 'process'] as const

export const factorRow = z.object({
  kind: z.enum(factorKinds),
  code: z.string(),
  name: localName,
  /** What it belongs to: an edition, a set, a series. */
  family: z.string(),
  familyName: localName,
  /** Region of electricity. */
  region: z.string().nullable(),
  /** Year of what it was computed of. */
  year: z.int().nullable(),
  values: z.array(
    z.object({ what: z.enum(['value', 'ncv', 'carbon', 'oxidation']), value: z.string(), unit: z.string() }),
  ),
  from: z.string().nullable().meta({ description: 'First day; null where it is not known or open' }),
  to: z.string().nullable().meta({ description: 'First day no more' }),
  document: z.string(),
  clause: z.string().nullable(),
  source: z.string().nullable(),
  confidence: z.enum(confidences),
  supersedes: z.string().nullable(),
  note: z.string().nullable(),
})
export type FactorRow = z.output<typeof factorRow>

interface Validity {
  readonly from?: string | undefined
  readonly to?: string | undefined
}

const validity = (valid: Validity | undefined): Pick<FactorRow, 'from' | 'to'> => ({
  from: valid?.from ?? null,
  to: valid?.to ?? null,
})

const one = (value: string, unit: string): FactorRow['values'] => [{ what: 'value', value, unit }]

const seriesNames: Readonly<Record<ElectricitySeries, LocalName>> = {
  average: { zh: '平均排放因子', en: 'average' },
  'without-traded-non-fossil': {
    zh: '平均排放因子（不含市场化交易的非化石能源电量）',
    en: 'average without traded non-fossil electricity',
  },
  fossil: { zh: '化石能源电力排放因子', en: 'fossil electricity' },
  'trading-scheme': { zh: '全国碳市场用电网因子', en: 'grid factor of the national trading scheme' },
  'average-old-series': { zh: '平均排放因子（2012 年旧系列）', en: 'average, old series (2012)' },
  footprint: { zh: '电力碳足迹因子', en: 'carbon footprint of electricity' },
}
const basisNames: Readonly<Record<Basis, LocalName>> = {
  calorific: { zh: '当量值', en: 'calorific value' },
  equal: { zh: '等价值', en: 'equivalent value' },
}
const processKinds: Readonly<Record<'process' | 'biomass' | 'scope3', LocalName>> = {
  process: { zh: '工业过程', en: 'industrial process' },
  biomass: { zh: '生物质', en: 'biomass' },
  scope3: { zh: '范围 3', en: 'scope 3' },
}

/** All rows, electricity's newest first. */
export function factorList({ electricity, standardCoal, fuels, heat, process }: FactorFiles): FactorRow[] {
  const nameOf = (region: string): LocalName =>
    electricity.regions[region]?.name ?? { zh: region, en: region }
  const common = { region: null, year: null, clause: null, source: null }
  return [
    ...electricity.rows
      .map((row): FactorRow => ({
        ...common,
        kind: 'electricity',
        code: row.code,
        name: nameOf(row.region),
        family: row.series,
        familyName: seriesNames[row.series],
        region: row.region,
        year: row.year,
        values: one(row.value, row.unit),
        from: null,
        to: null,
        document: row.document,
        confidence: row.confidence,
        supersedes: row.supersedes ?? null,
        note: row.note ?? null,
      }))
      .toSorted((a, b) => (b.year ?? 0) - (a.year ?? 0) || a.code.localeCompare(b.code)),
    ...standardCoal.rows.map((row): FactorRow => {
      const edition = standardCoal.editions[row.edition]
      return {
        ...common,
        ...validity(row.valid ?? edition?.valid),
        kind: 'standard-coal',
        code: row.code,
        name: row.name,
        family: row.basis,
        familyName: basisNames[row.basis],
        values: one(row.value, row.unit),
        document: edition?.name.zh ?? row.edition,
        clause: edition?.clauses[row.basis] ?? null,
        source: row.source ?? edition?.source ?? null,
        confidence: row.confidence,
        supersedes: row.supersedes ?? null,
        note: row.note ?? null,
      }
    }),
    ...fuels.rows.map((row): FactorRow => ({
      ...common,
      kind: 'fuel',
      code: row.code,
      name: row.name,
      family: row.set,
      familyName: fuels.sets[row.set]?.name ?? { zh: row.set, en: row.set },
      values: [
        { what: 'ncv', value: row.ncv, unit: `GJ/${row.per}` },
        { what: 'carbon', value: row.carbon, unit: 'tC/GJ' },
        ...(row.oxidation === undefined
          ? []
          : [{ what: 'oxidation' as const, value: row.oxidation, unit: '1' }]),
      ],
      from: null,
      to: null,
      document: fuels.sets[row.set]?.name.zh ?? row.set,
      source: fuels.sets[row.set]?.source ?? null,
      confidence: row.confidence,
      supersedes: row.supersedes ?? null,
      note: row.note ?? null,
    })),
    ...fuels.oxidation.map((row): FactorRow => ({
      ...common,
      kind: 'fuel',
      code: `${row.set}/${row.equipment}`,
      name: row.name,
      family: row.set,
      familyName: fuels.sets[row.set]?.name ?? { zh: row.set, en: row.set },
      values: [{ what: 'oxidation', value: row.value, unit: '1' }],
      from: null,
      to: null,
      document: fuels.sets[row.set]?.name.zh ?? row.set,
      source: fuels.sets[row.set]?.source ?? null,
      confidence: row.confidence,
      supersedes: null,
      note: null,
    })),
    ...heat.rows.map((row): FactorRow => ({
      ...common,
      ...validity(row.valid),
      kind: 'heat',
      code: row.code,
      name: row.name,
      family: row.subject,
      familyName: row.name,
      values: one(row.value, row.unit),
      document: row.document,
      source: row.source,
      confidence: row.confidence,
      supersedes: row.supersedes ?? null,
      note: row.note ?? null,
    })),
    ...process.rows.map((row): FactorRow => ({
      ...common,
      ...validity(row.valid),
      kind: 'process',
      code: row.code,
      name: row.name,
      family: row.kind,
      familyName: processKinds[row.kind],
      values: one(row.value, `tCO2/${row.per}`),
      document: row.document,
      source: row.source,
      confidence: row.confidence,
      supersedes: row.supersedes ?? null,
      note: row.note ?? null,
    })),
  ]
}
