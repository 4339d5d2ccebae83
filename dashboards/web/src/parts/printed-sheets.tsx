import { memo, type ReactNode } from 'react'
import type { ReportSheets } from '#dashboards/api/report-shapes.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { exactText } from '#dashboards/web/src/numbers.ts'

type Sheet = ReportSheets['sheets'][number]
type Cell = Sheet['rows'][number][number]

function CellOf({ cell }: { cell: Cell }): ReactNode {
  if (cell === null) return <td />
  if (typeof cell === 'string') return <td>{cell}</td>
  return (
    <td className="is-number number">
      {exactText(cell.number)}
      {cell.marked && '*'}
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

function SheetOf({ sheet }: { sheet: Sheet }): ReactNode {
  const { title, about, head, rows, notes } = sheet
  return (
    <section className="panel sheet" data-testid="sheet">
      <h2>{title}</h2>
      {about.map((line) => (
        <p key={line} className="sheet-about">
          {line}
        </p>
      ))}
      <div className="sheet-table">
        <table>
          <thead>
            <tr>
              {head.map((text, column) => (
                <th key={`${text} ${column}`} scope="col">
                  {text}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index}>
                {head.map((text, column) => (
                  <CellOf key={`${text} ${column}`} cell={row[column] ?? null} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Signatures />
      <ul className="sheet-notes">
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </section>
  )
}

function Sheets({ sheets }: ReportSheets): ReactNode {
  return (
    <>
      {sheets.map((sheet) => (
        <SheetOf key={sheet.name} sheet={sheet} />
      ))}
    </>
  )
}

/** Sheets of a report, each on pages of its own when they are printed. */
export const PrintedSheets = memo(Sheets)
