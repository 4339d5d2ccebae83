import type { Statement, UncertaintyLacks } from '#accounts/statement.ts'
import { decimal, presented } from '#accounts/decimal.ts'
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

/** Lines of a statement. */
export function statementLines(statement: Statement): string[] {
  const { totals, months, lines, missing, incomplete, differences } = statement
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
    ...(incomplete.length === 0 ? [] : [`incomplete: ${incomplete.join(', ')}`]),
    ...(doubtful.length === 0 ? [] : [`factors not seen in print: ${doubtful.join(', ')}`]),
    ...differences.map(
      ({ entry, month, source, because, tCo2 }) =>
        `entry ${entry}: ${month} ${source} would be ${tonnes(tCo2)} tCO2 now; not restated (${because})`,
    ),
  ]
}
