import { memo, type ReactNode } from 'react'
import { Link } from 'wouter'
import type { ReportSheets } from '#dashboards/api/report-shapes.ts'
import { Scrollable } from '#dashboards/web/src/parts/scrollable.tsx'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { exactText } from '#dashboards/web/src/numbers.ts'
import { accountTrace, balanceTrace, statisticsTrace } from '#dashboards/web/src/trace-paths.ts'

type Sheet = ReportSheets['sheets'][number]
type Cell = Sheet['rows'][number][number]

/** What accounts and meters are called by in configurations: no word of a language. */
const IDENTIFIER = /^[a-z][a-z0-9-]*$/

/** Whose report, and of what period: what its figures are traced by. */
interface ReportName {
  /** Undefined: the whole park. */
  readonly account: string | undefined
  readonly period: string
}

function traceOf(trace: Exclude<Cell, string | null>['trace'], report: ReportName): string | undefined {
  if (trace === undefined) return undefined
  if ('path' in trace) return statisticsTrace(trace.path, trace.period, trace.item)
  return 'row' in trace
    ? balanceTrace(report.account, trace.period ?? report.period, trace)
    : accountTrace(trace.account, trace.period)
}

function CellOf({ cell, report }: { cell: Cell; report: ReportName }): ReactNode {
  const { t } = useSpeech()
  if (cell === null) return <td />
  if (typeof cell === 'string')
    return IDENTIFIER.test(cell) ? <td translate="no">{cell}</td> : <td>{cell}</td>
  const text = `${exactText(cell.number)}${cell.marked ? '*' : ''}`
  const trace = traceOf(cell.trace, report)
  return (
    <td className="is-number number">
      {trace === undefined ? (
        text
      ) : (
        <Link href={trace} className="traced" title={t('trace.open')}>
          {text}
        </Link>
      )}
    </td>
  )
}

/** Where those who answer for a form sign it. */
function Signatures(): ReactNode {
  const { t } = useSpeech()
  const names = [
    'reports.sign.head',
    'reports.sign.statistics',
    'reports.sign.author',
    'reports.sign.date',
  ] as const
  return (
    <p className="sheet-signatures">
      {names.map((name) => (
        <span key={name}>{t(name)}</span>
      ))}
    </p>
  )
}

/** A column that has numbers has its name above them. */
const isNumbers = (rows: Sheet['rows'], column: number): boolean =>
  rows.some((row) => typeof (row[column] ?? null) === 'object' && (row[column] ?? null) !== null)

function SheetOf({ sheet, report }: { sheet: Sheet; report: ReportName }): ReactNode {
  const { title, about, head, rows, notes } = sheet
  return (
    <section className="panel sheet" data-testid="sheet">
      <h2>{title}</h2>
      {about.map((line) => (
        <p key={line} className="sheet-about">
          {line}
        </p>
      ))}
      <Scrollable className="sheet-table" label={title}>
        <table>
          <thead>
            <tr>
              {head.map((text, column) => (
                <th
                  key={`${text} ${column}`}
                  scope="col"
                  className={isNumbers(rows, column) ? 'is-number' : ''}
                >
                  {text}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index}>
                {head.map((text, column) => (
                  <CellOf key={`${text} ${column}`} cell={row[column] ?? null} report={report} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scrollable>
      <Signatures />
      <ul className="sheet-notes">
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </section>
  )
}

function Sheets({ sheets, account, period }: ReportSheets & ReportName): ReactNode {
  const report = { account, period }
  return (
    <>
      {sheets.map((sheet) => (
        <SheetOf key={sheet.name} sheet={sheet} report={report} />
      ))}
    </>
  )
}

/** Sheets of a report, each on pages of its own when they are printed. */
export const PrintedSheets = memo(Sheets)
