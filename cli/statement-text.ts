import type { StatementOfAccount, YearPositions } from '#accounts/positions.ts'
import type { UncertaintyLacks } from '#accounts/statement.ts'
import { decimal, presented } from '#accounts/decimal.ts'
import { sayIn } from '#accounts/report-sheet.ts'
import { SOURCE_CHECK, sourceCheckText, unsourcedWhere, unsourcedWhy } from '#accounts/unsourced-view.ts'
import type { UnsourcedView } from '#accounts/unsourced-shape.ts'
import { momentText } from './books-file.ts'
import { tableLines } from './table.ts'

/** A statement of account as text for people: two decimals of a tonne, missing as a dash. */

const tonnes = (text: string | undefined): string => (text === undefined ? '–' : presented(decimal(text), 2))
const percent = (share: string | undefined): string =>
  share === undefined ? '–' : `±${(Number(share) * 100).toFixed(1)} %`

/** What an uncertainty says nothing of. */
function lacksText({ slots, figures, unknown }: UncertaintyLacks): string {
  const share = (text: string): string => `${(Number(text) * 100).toFixed(2)} %`
  return `${share(slots)} of the slots missing, ${share(figures)} of the figures without one, ${unknown} without a result`
}

const english = sayIn('en')

/** Energy without an emission source in a line. */
export function unsourcedLine(given: UnsourcedView): string {
  const { name, amount, unit, incomplete, from, to, why } = given
  const much = amount === null ? 'an unknown amount' : `${presented(decimal(amount), 3)} ${unit}`
  const part = incomplete ? ', a part of it missing' : ''
  return `no emission source: ${much} of ${english(name)} (${unsourcedWhere(given, english)}), ${from} to before ${to}${part}: ${english(unsourcedWhy[why])}`
}

/** A year's positions in a line. */
function positionLine(given: YearPositions): string {
  const { year, allowance, offsets, certificates, certificatesKwh, emissions, months, complete, left } = given
  const parts = [
    ...(allowance === undefined ? [] : [`allowance ${allowance} tCO2`]),
    `${tonnes(emissions)} tCO2 posted in ${months} months${complete ? '' : ', incomplete'}`,
    ...(left === undefined ? [] : [`${tonnes(left)} tCO2 left`]),
    ...(offsets === undefined ? [] : [`offsets ${offsets} tCO2, not netted`]),
    ...(certificates === undefined ? [] : [`certificates ${certificates} tCO2`]),
    ...(certificatesKwh === undefined ? [] : [`certificates ${certificatesKwh} kWh`]),
  ]
  return `${year}: ${parts.join('; ')}`
}

/** Months of each source in a few words: "coal 2025-01 … 2025-12 (12)". */
export function bySource(each: readonly string[]): string {
  const months = Map.groupBy(each, (text) => text.slice(text.indexOf(' ') + 1))
  return [...months]
    .map(([source, all]) => {
      const names = all.map((text) => text.slice(0, text.indexOf(' ')))
      return names.length < 3
        ? `${source} ${names.join(', ')}`
        : `${source} ${names[0]} … ${names.at(-1)} (${names.length})`
    })
    .join('; ')
}

/** Lines of a statement. */
export function statementLines(statement: StatementOfAccount): string[] {
  const { totals, months, lines, missing, incomplete, clocks, differences, positions, unsourced } = statement
  const monthRows = months.map((month) => [
    month.month,
    month.state,
    tonnes(month.byScope['1']),
    tonnes(month.byScope['2']),
    tonnes(month.total),
    tonnes(month.totalMarketBased),
    percent(month.uncertainty),
    month.restatements === 0 ? '' : `${month.restatements} reversals`,
  ])
  const head = ['month', 'state', 'scope 1', 'scope 2', 'total tCO2', 'by market', '95 %', '']
  const total = ['posted', '', tonnes(totals.byScope['1']), tonnes(totals.byScope['2'])]
  const sum = [
    ...total,
    tonnes(totals.total),
    tonnes(totals.totalMarketBased),
    percent(totals.uncertainty),
    '',
  ]
  const apart = (['3', 'biomass'] as const).flatMap((scope) =>
    totals.byScope[scope] === undefined
      ? []
      : [`apart, in no total: ${scope} ${tonnes(totals.byScope[scope])} tCO2`],
  )
  const doubtful = [...new Set(lines.flatMap((line) => line.doubtful))]
  return [
    ...tableLines([head, ...monthRows, sum], new Set([2, 3, 4, 5, 6])),
    ...apart,
    ...Object.entries(totals.adjustments).map(
      ([scope, tCo2]) => `adjustments in scope ${scope}: ${tonnes(tCo2)} tCO2`,
    ),
    ...(missing.length === 0 ? [] : [`not posted: ${missing.join(', ')}`]),
    ...(totals.uncertaintyLacks === undefined
      ? []
      : [`the 95 % interval is of what is known: ${lacksText(totals.uncertaintyLacks)}`]),
    ...(incomplete.length === 0 ? [] : [`incomplete: ${bySource(incomplete)}`]),
    `${english(SOURCE_CHECK)}: ${sourceCheckText(unsourced, english)}`,
    ...(unsourced ?? []).map(unsourcedLine),
    ...(doubtful.length === 0 ? [] : [`factors not seen in print: ${doubtful.join(', ')}`]),
    ...positions.map(positionLine),
    ...clocks.map(
      ({ entry, wallMs, datedMs }) =>
        `a clock was wrong (entry ${entry}): what was added after ${momentText(wallMs)} may be dated ${momentText(datedMs)}, and is not here`,
    ),
    ...differences.map(
      ({ entry, month, source, because, tCo2 }) =>
        `entry ${entry}: ${month} ${source} would be ${tonnes(tCo2)} tCO2 now; not restated (${because})`,
    ),
  ]
}
