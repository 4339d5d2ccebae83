/** Rows of any factor file, seen as values of one thing after the other. */
export interface DatedRow {
  readonly code: string
  readonly supersedes: string | undefined
  /** What it is a value of; rows of one thing and one series follow one another in time. */
  readonly thing: string
  readonly series: string
  readonly valid: { readonly from?: string | undefined; readonly to?: string | undefined } | undefined
}

interface RowFault {
  readonly index: number
  readonly path: readonly string[]
  readonly message: string
}

/** Supersession that leads nowhere: to no row, to another thing, in a circle, or twice from one row. */
export function chainFaults(rows: readonly DatedRow[]): RowFault[] {
  const byCode = new Map(rows.map((row) => [row.code, row]))
  const taken = new Set<string>()
  const faults: RowFault[] = []
  for (const [index, row] of rows.entries()) {
    const { supersedes } = row
    if (supersedes === undefined) continue
    const say = (message: string): number => faults.push({ index, path: ['supersedes'], message })
    const older = byCode.get(supersedes)
    if (older === undefined) say(`there is no row ${supersedes}`)
    else if (older.thing !== row.thing) say(`${supersedes} is a value of another thing (${older.thing})`)
    if (taken.has(supersedes)) say(`a second row takes the place of ${supersedes}`)
    taken.add(supersedes)
    const seen = new Set<string>()
    for (let at: DatedRow | undefined = row; at !== undefined;) {
      if (seen.has(at.code)) {
        say(`${row.code} supersedes itself over ${supersedes}`)
        break
      }
      seen.add(at.code)
      at = at.supersedes === undefined ? undefined : byCode.get(at.supersedes)
    }
  }
  return faults
}

/** Rows of one thing that hold on the same day, or leave days between them on which none holds. */
export function validityFaults(rows: readonly DatedRow[]): RowFault[] {
  const replacedBy = new Map(rows.map((row) => [row.supersedes, row]))
  // A row that a newer one of its series corrects is history; that of an older edition still holds for its own.
  const current = rows.flatMap((row, index) =>
    replacedBy.get(row.code)?.series === row.series ? [] : [{ row, index }],
  )
  const faults: RowFault[] = []
  for (const [key, group] of Map.groupBy(current, ({ row }) =>
    [row.thing, row.series].filter((part) => part !== '').join(', '),
  )) {
    const inTime = group.toSorted((a, b) => (a.row.valid?.from ?? '').localeCompare(b.row.valid?.from ?? ''))
    for (const [place, { row, index }] of inTime.entries()) {
      const before = inTime[place - 1]?.row
      const from = row.valid?.from
      // Rows without any validity of their own are told apart by their keys.
      if (before === undefined || from === undefined) continue
      const to = before.valid?.to
      if (to === undefined || from < to)
        faults.push({ index, path: ['valid'], message: `overlaps ${before.code} for ${key}` })
      else if (to < from)
        faults.push({ index, path: ['valid'], message: `no row of ${key} holds from ${to} to ${from}` })
    }
  }
  return faults
}
