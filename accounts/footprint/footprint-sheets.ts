import type { LocalName } from '#contract/identity.ts'
import { aboutLines, type ReportHead } from '../balance-report.ts'
import { decimal } from '../decimal.ts'
import { numberCell, sheetOf, type ReportCell, type ReportSheet, type Say } from '../report-sheet.ts'
import type { CbamCommunication } from './communication.ts'
import type { FlowKind } from './footprint.ts'

const kindNames: Readonly<Record<FlowKind, LocalName>> = {
  fuel: { zh: '燃料燃烧', en: 'Fuel' },
  process: { zh: '过程排放', en: 'Process' },
  'heat-imported': { zh: '输入热力', en: 'Heat imported' },
  'heat-exported': { zh: '输出热力', en: 'Heat exported' },
  'waste-gas': { zh: '余气', en: 'Waste gas' },
  'electricity-produced': { zh: '自产电力', en: 'Electricity produced' },
  electricity: { zh: '用电', en: 'Electricity' },
}
type Figure = CbamCommunication['activityLevel']

const TONNES = 6
const number = (text: string | null, decimals: number): ReportCell =>
  text === null ? undefined : numberCell(decimal(text), decimals)
const row = (name: LocalName, { value, unit, notAvailable }: Figure, say: Say): ReportCell[] => [
  say(name),
  number(value, TONNES),
  unit,
  notAvailable.join('; '),
]

/** What an importer asks for, as sheets: the figures of the good, and the flows that they are made of. */
export function footprintSheets(head: ReportHead, communication: CbamCommunication, say: Say): ReportSheet[] {
  const { good, activityLevel, attributedEmissions, specificEmbeddedEmissions, electricity, allocation } =
    communication
  const { parts } = attributedEmissions
  const about = [
    ...aboutLines(head, say),
    `${say(good.name)} (${good.product})${good.cnCode === null ? '' : `, CN ${good.cnCode}`}`,
  ]
  const of = (name: LocalName, figure: Figure): ReportCell[] => row(name, figure, say)
  const sheets = [
    {
      name: { zh: '产品排放', en: 'Good' },
      title: { zh: '产品隐含排放（厂内）', en: 'Embedded emissions of a good, gate to gate' },
      about,
      head: [
        { zh: '项目', en: 'What' },
        { zh: '数值', en: 'Value' },
        { zh: '单位', en: 'Unit' },
        { zh: '不可得的原因', en: 'Why it is not available' },
      ],
      rows: [
        of({ zh: '产量', en: 'Output' }, activityLevel),
        of({ zh: '直接排放', en: 'Direct emissions' }, attributedEmissions.direct),
        of(kindNames.fuel, parts.fuel),
        of(kindNames.process, parts.process),
        of(kindNames['heat-imported'], parts.heatImported),
        of(kindNames['heat-exported'], parts.heatExported),
        of(kindNames['waste-gas'], parts.wasteGas),
        of(kindNames['electricity-produced'], parts.electricityProduced),
        of({ zh: '间接排放', en: 'Indirect emissions' }, attributedEmissions.indirect),
        of({ zh: '单位产品直接排放', en: 'Specific direct emissions' }, specificEmbeddedEmissions.direct),
        of({ zh: '单位产品间接排放', en: 'Specific indirect emissions' }, specificEmbeddedEmissions.indirect),
        of({ zh: '用电量', en: 'Electricity consumed' }, electricity.consumed),
        of({ zh: '单位产品用电量', en: 'Electricity per unit' }, electricity.perUnit),
        [
          say({ zh: '缺省值占比', en: 'Share of default values' }),
          number(communication.shareOfDefaultValues, 4),
          '1',
          '',
        ],
      ],
      notes: [
        ...electricity.factors.map(
          ({ tCo2PerMwh, source }) =>
            `${source.code} = ${tCo2PerMwh} tCO2/MWh (${source.confidence}); ${source.document}`,
        ),
        ...allocation.map(
          ({ process, by, share, document, why }) =>
            `${process}: ${by}${share === null ? '' : ` ${share}`}${document === null ? '' : `, ${document}`}${why === null ? '' : `, ${why}`}`,
        ),
        ...communication.unverified.map((each) => `! ${each}`),
      ],
    },
    {
      name: { zh: '能流', en: 'Flows' },
      title: { zh: '各工序能流与因子', en: 'Flows of the processes and their factors' },
      about,
      head: [
        { zh: '类别', en: 'Kind' },
        { zh: '工序', en: 'Process' },
        { zh: '计量表', en: 'Meter' },
        { zh: '品种', en: 'Item' },
        { zh: '数量', en: 'Amount' },
        { zh: '单位', en: 'Unit' },
        { zh: '产品份额', en: 'Share' },
        { zh: 'tCO₂/单位', en: 'tCO₂ per unit' },
        { zh: '因子', en: 'Factor' },
        { zh: '应有时段', en: 'Slots expected' },
        { zh: '缺失', en: 'Missing' },
      ],
      rows: communication.flows.map((flow): ReportCell[] => [
        say(kindNames[flow.kind]),
        flow.process,
        flow.meter,
        flow.item,
        number(flow.amount, 3),
        flow.unit,
        number(flow.share, TONNES),
        number(flow.tCo2PerUnit, 8),
        flow.factor === null ? undefined : `${flow.factor.code} (${flow.factor.confidence})`,
        String(flow.slots.expected),
        String(flow.slots.missing),
      ]),
      notes: [],
    },
  ]
  return sheets.map((sheet) => sheetOf(say, sheet))
}
