import { describe, expect, test } from 'vitest'
import { readFactorFiles } from '#cli/factor-files.ts'
import { changedFactors, type FactorChange } from './factor-change.ts'
import { factorList } from './factor-list.ts'

const files = readFactorFiles()
const rows = factorList(files).filter(({ kind }) => kind !== 'standard-coal')

describe('a factor with another value', () => {
  const changes = rows.flatMap(({ code, values }) =>
    values.map(({ what }): FactorChange => ({ code, what, value: '0.123' })),
  )

  test('is the only thing that is changed, whichever row and part it is', () => {
    expect(changes.length).toBeGreaterThan(50)
    for (const change of changes) {
      const changed = changedFactors(files, change)
      if (changed === undefined) throw new Error(`${change.code} ${change.what} was not found`)
      const after = factorList(changed).filter(({ kind }) => kind !== 'standard-coal')
      const differing = after.flatMap(({ code, values }, index) =>
        values.flatMap(({ what, value }, part) =>
          value === rows[index]?.values[part]?.value ? [] : [{ code, what, value }],
        ),
      )
      expect(differing).toEqual([change])
    }
  })

  test('is none where no row has the code or the part', () => {
    const [row] = rows
    expect(changedFactors(files, { code: 'no/such', what: 'value', value: '1' })).toBeUndefined()
    expect(changedFactors(files, { code: row?.code ?? '', what: 'ncv', value: '1' })).toBeUndefined()
  })
})
