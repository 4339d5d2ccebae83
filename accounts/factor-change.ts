import type { FactorFiles } from './factor.ts'

/** A row of the factor files with another value, to see what that would restate. The files are never changed. */
export interface FactorChange {
  readonly code: string
  readonly what: 'value' | 'ncv' | 'carbon' | 'oxidation'
  readonly value: string
}

/** The files as they would be; undefined where no row that postings are computed by has this code and this part. */
export function changedFactors(
  files: FactorFiles,
  { code, what, value }: FactorChange,
): FactorFiles | undefined {
  let isFound = false
  const change = <R extends { readonly code: string }>(rows: readonly R[], part: Partial<R>): R[] =>
    rows.map((row) => {
      if (row.code !== code) return row
      isFound = true
      return { ...row, ...part }
    })
  const { electricity, fuels, heat, process } = files
  const changed: FactorFiles =
    what === 'value'
      ? {
          ...files,
          electricity: { ...electricity, rows: change(electricity.rows, { value }) },
          heat: { ...heat, rows: change(heat.rows, { value }) },
          process: { ...process, rows: change(process.rows, { value }) },
        }
      : {
          ...files,
          fuels: {
            ...fuels,
            rows: change(fuels.rows, { [what]: value }),
            oxidation: fuels.oxidation.map((row) => {
              if (what !== 'oxidation' || `${row.set}/${row.equipment}` !== code) return row
              isFound = true
              return { ...row, value }
            }),
          },
        }
  return isFound ? changed : undefined
}

/** The files with another value of a standard-coal coefficient; undefined where there is none of that code. */
export function changedCoal(files: FactorFiles, code: string, value: string): FactorFiles | undefined {
  const { standardCoal } = files
  if (!standardCoal.rows.some((row) => row.code === code)) return undefined
  const rows = standardCoal.rows.map((row) => (row.code === code ? { ...row, value } : row))
  return { ...files, standardCoal: { ...standardCoal, rows } }
}
