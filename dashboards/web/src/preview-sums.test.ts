import { expect, test } from 'vitest'
import { previewSums } from './preview-sums.ts'

const month = { month: '2026-03', closed: false, before: '10', after: '12.5', restated: 1 }

test('a preview is summed over the months that are known on both sides', () => {
  const months = [
    month,
    { ...month, month: '2026-04', before: null },
    { ...month, month: '2026-05', closed: true, restated: 0 },
  ]
  expect(previewSums(months)).toEqual({ before: 20, after: 25, change: 0.25, restated: 2, closed: 1 })
})

test('where no month is known there is no sum, and not a sum of zero', () => {
  const unknown = { before: undefined, after: undefined, change: undefined, closed: 0 }
  expect(previewSums([])).toEqual({ ...unknown, restated: 0 })
  expect(previewSums([{ ...month, after: null }])).toEqual({ ...unknown, restated: 1 })
})
