import type { FactorFiles } from './factor.ts'
import { chainFaults, validityFaults, type DatedRow } from './factor-rows.ts'

/** A contradiction in a factor file: which file, where in it, and what. */
export interface FactorFinding {
  readonly file: keyof FactorFiles
  readonly path: readonly (string | number)[]
  readonly message: string
}

/**
 * What a schema cannot see: codes used twice, editions, sets and regions that are not there, repeated keys, gaps and
 * overlaps between the rows of one thing, and chains of supersession that lead nowhere.
 */
export function factorContradictions(files: FactorFiles): FactorFinding[] {
  const { standardCoal, fuels, electricity } = files
  const codes = new Set<string>()
  const keys = new Set<string>()
  const findings: FactorFinding[] = []
  const check = (
    file: keyof FactorFiles,
    index: number,
    row: { readonly code: string; readonly supersedes?: string | undefined },
    key: string,
    unknown: string | undefined,
  ): void => {
    const at = (message: string): number => findings.push({ file, path: ['rows', index], message })
    if (codes.has(row.code)) at(`code ${row.code} stands twice`)
    // A correction has the key of the row that it takes the place of.
    if (keys.has(`${file} ${key}`) && row.supersedes === undefined) at(`a second row for ${key}`)
    if (unknown !== undefined) at(unknown)
    codes.add(row.code)
    keys.add(`${file} ${key}`)
  }
  for (const [id, { inherits }] of Object.entries(standardCoal.editions)) {
    if (inherits !== undefined && standardCoal.editions[inherits.edition] === undefined) {
      findings.push({
        file: 'standardCoal',
        path: ['editions', id, 'inherits'],
        message: `edition ${inherits.edition} is not described`,
      })
    }
  }
  for (const [index, row] of standardCoal.rows.entries()) {
    const edition = standardCoal.editions[row.edition]
    const key = `${row.subject}, ${row.basis}, ${row.edition}, from ${row.valid?.from ?? 'the beginning'}`
    const unknown =
      edition === undefined
        ? `edition ${row.edition} is not described`
        : edition.clauses[row.basis] === undefined
          ? `edition ${row.edition} has no clause for basis ${row.basis}`
          : undefined
    check('standardCoal', index, row, key, unknown)
  }
  for (const [index, row] of fuels.rows.entries()) {
    const unknown = fuels.sets[row.set] === undefined ? `set ${row.set} is not described` : undefined
    check('fuels', index, row, `${row.fuel} in ${row.set}`, unknown)
  }
  for (const [index, row] of electricity.rows.entries()) {
    const unknown =
      electricity.regions[row.region] === undefined ? `region ${row.region} is not described` : undefined
    check('electricity', index, row, `${row.region}, ${row.series}, ${row.year}`, unknown)
  }
  for (const [index, row] of files.heat.rows.entries()) {
    check('heat', index, row, `${row.subject} from ${row.valid?.from ?? 'the beginning'}`, undefined)
  }
  for (const [index, row] of files.process.rows.entries()) {
    check('process', index, row, `${row.code} from ${row.valid?.from ?? 'the beginning'}`, undefined)
  }
  for (const file of ['heat', 'process'] as const) {
    for (const [index, { valid }] of files[file].rows.entries()) {
      for (const end of ['from', 'to'] as const) {
        // A posting is of a month and has one factor: a change within it would hold from its first day or not at all.
        if (valid?.[end] !== undefined && !valid[end].endsWith('-01'))
          findings.push({
            file,
            path: ['rows', index, 'valid', end],
            message: `${valid[end]} is no first of a month`,
          })
      }
    }
  }
  for (const [file, rows] of datedRows(files)) {
    for (const { index, path, message } of [...chainFaults(rows), ...validityFaults(rows)]) {
      findings.push({ file, path: ['rows', index, ...path], message })
    }
  }
  return findings
}

/** The code that a chain of process rows began with: what sources name. */
function firstOf(code: string, { rows }: FactorFiles['process']): string {
  const seen = new Set<string>()
  let at = code
  while (!seen.has(at)) {
    seen.add(at)
    at = rows.find((row) => row.code === at)?.supersedes ?? at
  }
  return at
}

/** The rows of all files, each with what it is a value of and for how long it holds. */
function datedRows({
  standardCoal,
  fuels,
  electricity,
  heat,
  process,
}: FactorFiles): [keyof FactorFiles, DatedRow[]][] {
  const always = { series: '', valid: undefined }
  const rowsOf = <R extends { readonly code: string; readonly supersedes?: string | undefined }>(
    rows: readonly R[],
    rest: (row: R) => Pick<DatedRow, 'thing' | 'series' | 'valid'>,
  ): DatedRow[] => rows.map((row) => ({ code: row.code, supersedes: row.supersedes, ...rest(row) }))
  return [
    [
      'standardCoal',
      rowsOf(standardCoal.rows, ({ subject, basis, edition, valid }) => ({
        thing: `${subject}, ${basis}`,
        series: edition,
        valid: valid ?? standardCoal.editions[edition]?.valid,
      })),
    ],
    ['fuels', rowsOf(fuels.rows, ({ set, fuel }) => ({ ...always, thing: fuel, series: set }))],
    [
      'electricity',
      rowsOf(electricity.rows, ({ region, series, year }) => ({
        ...always,
        thing: `${region}, ${series}, ${year}`,
      })),
    ],
    ['heat', rowsOf(heat.rows, ({ subject, valid }) => ({ ...always, thing: subject, valid }))],
    [
      'process',
      rowsOf(process.rows, ({ code, valid }) => ({ ...always, thing: firstOf(code, process), valid })),
    ],
  ]
}
