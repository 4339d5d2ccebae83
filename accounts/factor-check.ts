import type { FactorFiles } from './factor.ts'

/** A contradiction in a factor file: which file, where in it, and what. */
export interface FactorFinding {
  readonly file: keyof FactorFiles
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** What a schema cannot see: codes used twice, editions, sets and regions that are not there, repeated keys. */
export function factorContradictions(files: FactorFiles): FactorFinding[] {
  const { standardCoal, fuels, electricity } = files
  const codes = new Set<string>()
  const keys = new Set<string>()
  const findings: FactorFinding[] = []
  const check = (
    file: keyof FactorFiles,
    index: number,
    row: { readonly code: string },
    key: string,
    unknown: string | undefined,
  ): void => {
    const at = (message: string): number => findings.push({ file, path: ['rows', index], message })
    if (codes.has(row.code)) at(`code ${row.code} stands twice`)
    if (keys.has(`${file} ${key}`)) at(`a second row for ${key}`)
    if (unknown !== undefined) at(unknown)
    codes.add(row.code)
    keys.add(`${file} ${key}`)
  }
  for (const [index, row] of standardCoal.rows.entries()) {
    const edition = standardCoal.editions[row.edition]
    const key = `${row.subject}, ${row.basis}, ${row.edition}, from ${row.valid?.from ?? 'the beginning'}`
    check(
      'standardCoal',
      index,
      row,
      key,
      edition === undefined
        ? `edition ${row.edition} is not described`
        : edition.clauses[row.basis] === undefined
          ? `edition ${row.edition} has no clause for basis ${row.basis}`
          : undefined,
    )
  }
  for (const [index, row] of standardCoal.rows.entries()) {
    if (row.supersedes !== undefined && !codes.has(row.supersedes)) {
      findings.push({
        file: 'standardCoal',
        path: ['rows', index, 'supersedes'],
        message: `there is no row ${row.supersedes}`,
      })
    }
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
  return findings
}
