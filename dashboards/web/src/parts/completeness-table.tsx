import { useState, type ReactNode } from 'react'
import { Checkbox, Pagination } from 'antd'
import { Link } from 'wouter'
import type { Completeness } from '#dashboards/api/completeness-shapes.ts'
import { useSpeech, type Speech } from '#dashboards/web/src/language.tsx'
import type { Look } from '#dashboards/web/src/look.tsx'
import { meterNames } from '#dashboards/web/src/meter-names.ts'
import { percentText } from '#dashboards/web/src/numbers.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { HeatTable, type HeatCell } from './heat-table.tsx'
import { Nothing } from './nothing.tsx'

const METERS_PER_PAGE = 30
/** Green where all is there; the more is missing, the more red. Whole days alone are green. */
function colour(strength: number, look: Look): string {
  if (look === 'dark')
    return strength >= 1 ? '#235c45' : `hsl(${8 + 34 * strength} 62% ${46 - 10 * strength}%)`
  return strength >= 1 ? '#bfe3cf' : `hsl(${8 + 34 * strength} 80% ${62 + 20 * strength}%)`
}

type Line = Completeness['meters'][number]

function cellsOf(
  { expected, known, partial }: Line,
  days: readonly string[],
  { t, locale }: Speech,
): HeatCell[] {
  return days.map((day, index) => {
    const [wanted = 0, found = 0, part = 0] = [expected[index], known[index], partial[index]]
    if (wanted === 0) return { strength: undefined, text: day }
    const share = Math.max(0, found - part) / wanted
    const text = `${day} ${t('completeness.slots', { known: found, expected: wanted, partial: part })} ${percentText(share, locale)}`
    return { strength: found === 0 ? null : share, text }
  })
}

const isLacking = ({ expected, known, partial }: Line): boolean =>
  expected.some((wanted, index) => (known[index] ?? 0) - (partial[index] ?? 0) < wanted)

/** A month of all meters, day by day: whole, in part, or nothing at all. */
export function CompletenessTable({ data }: { data: Completeness }): ReactNode {
  const speech = useSpeech()
  const { t, nameOf } = speech
  const park = useParkTree()
  const [page, setPage] = useState(1)
  const [onlyLacking, setOnlyLacking] = useState(false)
  const names = meterNames(park)
  const shown = onlyLacking ? data.meters.filter(isLacking) : data.meters
  const last = Math.max(1, Math.ceil(shown.length / METERS_PER_PAGE))
  const current = Math.min(page, last)
  const lacking = data.meters.filter(isLacking).length
  return (
    <section className="panel" data-testid="completeness">
      <div className="panel-head">
        <h2>
          {t('completeness.title')}{' '}
          <small>{t('completeness.lacking', { lacking, all: data.meters.length })}</small>
        </h2>
        <Checkbox checked={onlyLacking} onChange={({ target }) => setOnlyLacking(target.checked)}>
          {t('completeness.onlyLacking')}
        </Checkbox>
      </div>
      {shown.length === 0 ? (
        <Nothing text={t('completeness.none')} />
      ) : (
        <HeatTable
          label={t('completeness.title')}
          columns={data.days.map((day) => day.slice(8))}
          rows={shown.slice((current - 1) * METERS_PER_PAGE, current * METERS_PER_PAGE).map((line) => ({
            key: line.meter,
            name: (
              <Link href={`/meters/${line.meter}`}>
                {nameOf(names.get(line.meter) ?? { zh: line.meter, en: line.meter })}
              </Link>
            ),
            cells: cellsOf(line, data.days, speech),
          }))}
          colour={colour}
        />
      )}
      {shown.length > METERS_PER_PAGE && (
        <Pagination
          size="small"
          current={current}
          pageSize={METERS_PER_PAGE}
          total={shown.length}
          showSizeChanger={false}
          onChange={setPage}
        />
      )}
      <p className="panel-note">{t('completeness.note')}</p>
    </section>
  )
}
