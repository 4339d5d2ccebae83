import { scopes, type Scope } from '#contract/entry.ts'
import type { LocalName } from '#contract/identity.ts'
import { aboutLines, type ReportHead } from './balance-report.ts'
import { decimal } from './decimal.ts'
import type { StatementOfAccount, YearPositions } from './positions.ts'
import {
  MARKED_NOTE,
  numberCell,
  sheetOf,
  traced,
  type ReportCell,
  type ReportSheet,
  type Say,
} from './report-sheet.ts'
import { SOURCE_CHECK, sourceCheckText, unsourcedSheets } from './unsourced-view.ts'
import { isIncomplete, type Statement, type Totals, type UncertaintyLacks } from './statement.ts'

/** The carbon statement of an account as sheets: months by scope, and what each is made of. */

const DECIMALS = 3
const scopeNames: Readonly<Record<Scope, LocalName>> = {
  '1': { zh: '范围一', en: 'Scope 1' },
  '2': { zh: '范围二', en: 'Scope 2' },
  '3': { zh: '范围三（另列）', en: 'Scope 3, apart' },
  biomass: { zh: '生物质（另列）', en: 'Biomass, apart' },
}
const states: Readonly<Record<Statement['months'][number]['state'], LocalName>> = {
  open: { zh: '已过账', en: 'posted' },
  closed: { zh: '已结账', en: 'closed' },
  provisional: { zh: '暂估', en: 'provisional' },
}

const tonnes = (text: string | undefined, marked = false): ReportCell =>
  text === undefined ? undefined : numberCell(decimal(text), DECIMALS, marked)

/** Scopes of which a figure of some lines lacks something. */
const lackingIn = (lines: Statement['lines']): ReadonlySet<Scope> =>
  new Set(lines.filter(({ posting }) => isIncomplete(posting)).map(({ posting }) => posting.scope))

/** Sources of electricity sold of which nothing is known, so that nothing of what was bought is covered. */
const unknownSold = (lines: Statement['lines']): string[] =>
  lines
    .filter(({ posting }) => posting.sourceKind === 'electricity-sold' && posting.tCo2 === undefined)
    .map(({ month, source }) => `${month} ${source}`)

/** True where the market's factor of electricity is of another region than the location's. */
function isOfTwoRegions({ factors }: Statement['lines'][number]['posting']): boolean {
  const regionOf = (what: 'emission' | 'residual'): string | undefined =>
    factors.find((each) => each.what === what && each.code.startsWith('grid/'))?.code.split('/')[1]
  const [location, residual] = [regionOf('emission'), regionOf('residual')]
  return location !== undefined && residual !== undefined && location !== residual
}

/** What the uncertainty of the total says nothing of. */
function lacksNote({ slots, figures, unknown }: UncertaintyLacks, say: Say): string {
  const share = (text: string): string => `${(Number(text) * 100).toFixed(2)} %`
  return say({
    zh: `不确定度仅就已知部分而言：缺失时段 ${share(slots)}，无不确定度的排放 ${share(figures)}，无结果的过账 ${unknown} 条。`,
    en: `The uncertainty is of what is known: ${share(slots)} of the slots are missing, ${share(figures)} of the emissions have none, ${unknown} postings have no result.`,
  })
}

/** A moment in UTC: a statement has no other time than days. */
const instantText = (atMs: number): string =>
  Temporal.Instant.fromEpochMilliseconds(atMs).toString({ smallestUnit: 'minute' })

/** Statement of account, with the factors that were not seen in print marked. */
export function statementSheets(
  head: ReportHead,
  account: string,
  statement: StatementOfAccount,
  say: Say,
): ReportSheet[] {
  const { months, totals, lines, missing, incomplete, clocks, differences, positions, unsourced } = statement
  const used = scopes.filter((scope) =>
    [totals, ...months].some(({ byScope }) => byScope[scope] !== undefined),
  )
  const row = (
    name: string,
    of: Totals,
    state: string,
    { period, lacking }: { readonly period: string; readonly lacking: ReadonlySet<Scope> },
  ): ReportCell[] => [
    name,
    ...[
      ...used.map((scope) => tonnes(of.byScope[scope], lacking.has(scope))),
      ...[of.total, of.totalMarketBased].map((text) => tonnes(text, lacking.has('1') || lacking.has('2'))),
    ].map((cell) => traced(cell, { account, period })),
    of.uncertainty === undefined ? undefined : numberCell(decimal(of.uncertainty).times(decimal('100')), 1),
    state,
  ]
  const provisional = months.filter(({ state }) => state === 'provisional').map(({ month }) => month)
  const sold = unknownSold(lines)
  const unverified = [...new Set(lines.flatMap(({ doubtful }) => doubtful))].toSorted()
  const unavailable = lines.flatMap(({ month, source, posting }) =>
    posting.unavailable === undefined ? [] : [`${month} ${source}: ${posting.unavailable}`],
  )
  const notes = [
    ...(missing.length === 0
      ? []
      : [`${say({ zh: '未过账月份', en: 'Months not posted' })}: ${missing.join(', ')}`]),
    ...(incomplete.length === 0
      ? []
      : [`${say({ zh: '数据不完整', en: 'Data incomplete' })}: ${incomplete.join(', ')}`]),
    `${say(SOURCE_CHECK)}: ${sourceCheckText(unsourced, say)}`,
    ...(totals.uncertaintyLacks === undefined ? [] : [lacksNote(totals.uncertaintyLacks, say)]),
    ...unavailable.map((why) => `${say({ zh: '未计入', en: 'Not counted' })}: ${why}`),
    ...(sold.length === 0
      ? []
      : [
          `${say({ zh: '外售电量未知，绿电与绿证未抵扣', en: 'Not known what was sold on: certificates and direct supply cover nothing' })}: ${sold.join(', ')}`,
        ]),
    ...(provisional.length === 0
      ? []
      : [
          `${say({ zh: '暂估月份不计入合计', en: 'Provisional months are in no total' })}: ${provisional.join(', ')}`,
        ]),
    ...(unverified.length === 0
      ? []
      : [`${say({ zh: '用到未核实的因子', en: 'Rests on unverified factors' })}: ${unverified.join(', ')}`]),
    ...(lines.some(({ posting }) => isOfTwoRegions(posting))
      ? [
          say({
            zh: '市场法剩余因子与位置法因子的区域不同：两者之差含区域差异，不代表绿电消费。',
            en: 'The residual factor is of another region than the location’s: the two totals differ by region, even without any green power.',
          }),
        ]
      : []),
    ...clocks.map(
      ({ entry, wallMs, datedMs }) =>
        `${say({ zh: '时钟曾有误，此间记入的分录可能日期偏后而未计入', en: 'A clock was wrong: what was added between these times may be dated later, and is not here' })} № ${entry}: ${instantText(wallMs)} … ${instantText(datedMs)}`,
    ),
    ...differences.map(
      ({ entry, month, source, tCo2 }) =>
        `${say({ zh: '差异未重述', en: 'Difference not restated' })} № ${entry}: ${month} ${source} ${tCo2 ?? ''}`,
    ),
    say(MARKED_NOTE),
    say({
      zh: '合计为范围一与范围二；范围三和生物质另列。空白为未知，不为零。',
      en: 'The total is scopes 1 and 2; scope 3 and biomass are apart. Blank: not known, which is not zero.',
    }),
  ]
  return [
    {
      name: say({ zh: '碳账户报表', en: 'Carbon statement' }),
      title: say({ zh: '碳排放账户报表（tCO₂）', en: 'Statement of the carbon account, tCO₂' }),
      about: aboutLines(head, say),
      head: [
        say({ zh: '月份', en: 'Month' }),
        ...used.map((scope) => say(scopeNames[scope])),
        say({ zh: '合计（位置法）', en: 'Total, by location' }),
        say({ zh: '合计（市场法）', en: 'Total, by market' }),
        say({ zh: '不确定度 ±%', en: 'Uncertainty ±%' }),
        say({ zh: '状态', en: 'State' }),
      ],
      rows: [
        ...months.map((month) =>
          row(month.month, month, say(states[month.state]), {
            period: month.month,
            lacking: lackingIn(lines.filter((line) => line.month === month.month)),
          }),
        ),
        row(say({ zh: '合计', en: 'Total' }), totals, '', {
          period: head.period.name,
          lacking: missing.length + provisional.length > 0 ? new Set(scopes) : lackingIn(lines),
        }),
      ],
      notes,
    },
    {
      name: say({ zh: '明细', en: 'Postings' }),
      title: say({ zh: '活动数据与排放因子', en: 'Activities and factors' }),
      about: aboutLines(head, say),
      head: [
        { zh: '月份', en: 'Month' },
        { zh: '排放源', en: 'Source' },
        { zh: '范围', en: 'Scope' },
        { zh: '活动数据', en: 'Activity' },
        { zh: '单位', en: 'Unit' },
        { zh: '因子（! 未核实）', en: 'Factors (! unverified)' },
        { zh: '排放 tCO₂', en: 'tCO₂' },
        { zh: '分录', en: 'Entry' },
      ].map(say),
      rows: lines.map(({ month, source, posting, entry, doubtful }): ReportCell[] => [
        month,
        source,
        say(scopeNames[posting.scope]),
        posting.activity === undefined ? undefined : numberCell(decimal(posting.activity.amount), DECIMALS),
        posting.activity?.unit,
        posting.factors
          .map(({ code, value, unit }) => `${doubtful.includes(code) ? '! ' : ''}${code} = ${value} ${unit}`)
          .join('; '),
        traced(tonnes(posting.tCo2), { account, period: month }),
        entry === undefined ? say({ zh: '暂估', en: 'provisional' }) : `№ ${entry}`,
      ]),
      notes: [
        ...new Set(
          lines.flatMap(({ posting }) => posting.factors.map(({ code, document }) => `${code}: ${document}`)),
        ),
      ],
    },
    ...unsourcedSheets(head, unsourced, say),
    ...(positions.length === 0 ? [] : [positionsSheet(head, positions, say)]),
  ]
}

/** Allowances, offsets and certificates of the years, beside what was emitted. */
function positionsSheet(head: ReportHead, positions: readonly YearPositions[], say: Say): ReportSheet {
  return sheetOf(say, {
    name: { zh: '配额与抵消', en: 'Positions' },
    title: { zh: '配额、抵消与绿证', en: 'Allowances, offsets and certificates' },
    about: aboutLines(head, say),
    head: [
      { zh: '年份', en: 'Year' },
      { zh: '配额 tCO₂', en: 'Allowance, tCO₂' },
      { zh: '已过账排放 tCO₂', en: 'Posted emissions, tCO₂' },
      { zh: '已过账月数', en: 'Months posted' },
      { zh: '剩余配额 tCO₂', en: 'Allowance left, tCO₂' },
      { zh: '抵消 tCO₂', en: 'Offsets, tCO₂' },
      { zh: '绿证 kWh', en: 'Certificates, kWh' },
      { zh: '分录', en: 'Entries' },
    ],
    rows: positions.map((each): ReportCell[] => [
      String(each.year),
      tonnes(each.allowance),
      each.emissions === undefined
        ? undefined
        : numberCell(decimal(each.emissions), DECIMALS, !each.complete),
      String(each.months),
      each.left === undefined ? undefined : numberCell(decimal(each.left), DECIMALS, !each.complete),
      tonnes(each.offsets),
      tonnes(each.certificatesKwh),
      each.entries.map((entry) => `№ ${entry}`).join(', '),
    ]),
    notes: [
      say(MARKED_NOTE),
      say({
        zh: '抵消与绿证单独列示，不从排放中扣减；剩余配额 = 配额 − 已过账的范围一、二排放。',
        en: 'Offsets and certificates stand by themselves and are taken off no emission; what is left is the allowance less posted emissions of scopes 1 and 2.',
      }),
    ],
  })
}
