import type { RestatementPreview } from '#dashboards/api/factor-shapes.ts'

type Month = RestatementPreview['months'][number]

/** What a preview adds up to, over the months that are known on both sides. */
export interface PreviewSums {
  /** tCO2; undefined where no month is known. */
  readonly before: number | undefined
  readonly after: number | undefined
  /** Share that it would change by; undefined where it cannot be said. */
  readonly change: number | undefined
  readonly restated: number
  /** Closed months that would say something else, and are left as they are. */
  readonly closed: number
}

export const isKnown = ({ before, after }: Month): boolean => before !== null && after !== null

export function previewSums(months: readonly Month[]): PreviewSums {
  const known = months.filter(isKnown)
  const sum = (key: 'before' | 'after'): number | undefined =>
    known.length === 0 ? undefined : known.reduce((total, month) => total + Number(month[key]), 0)
  const [before, after] = [sum('before'), sum('after')]
  return {
    before,
    after,
    change: before === undefined || after === undefined || before === 0 ? undefined : after / before - 1,
    restated: months.reduce((total, { restated }) => total + restated, 0),
    closed: known.filter((month) => month.closed && month.before !== month.after).length,
  }
}
