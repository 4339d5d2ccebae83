import { expect, test } from 'vitest'
import { readFactorFiles } from '#cli/factor-files.ts'
import { factorList } from './factor-list.ts'

const files = readFactorFiles()

test('every row that a posting can name is in the list', () => {
  const codes = new Set(factorList(files).map(({ code }) => code))
  const named = [
    ...files.standardCoal.rows.map(({ code }) => code),
    ...files.fuels.rows.map(({ code }) => code),
    ...files.fuels.oxidation.map(({ set, equipment }) => `${set}/${equipment}`),
    ...files.electricity.rows.map(({ code }) => code),
    ...files.heat.rows.map(({ code }) => code),
    ...files.process.rows.map(({ code }) => code),
  ]
  expect(named.filter((code) => !codes.has(code))).toEqual([])
  expect(factorList(files)).toHaveLength(named.length)
})

test('a row of every kind says which one it took the place of', () => {
  const [first] = files.process.rows
  if (first === undefined) throw new RangeError('no row')
  const later = { ...first, code: 'process/later', supersedes: first.code }
  const list = factorList({ ...files, process: { rows: [...files.process.rows, later] } })
  expect(list.find(({ code }) => code === 'process/later')?.supersedes).toBe(first.code)
})
