import { expect, test } from 'vitest'
import { BOUNDARY_TOLERANCE_MS, SLOT_MS } from '#contract/grid.ts'
import type { Sample } from '#contract/messages.ts'
import { energyAtLines, isWorthKeeping } from './thinning.ts'

const LINE = 1_000 * SLOT_MS

const sample = (atMs: number, over: Partial<Sample> = {}): Sample => ({
  meter: 'm1',
  atMs,
  quality: 'uncertain',
  values: { frequency: 50, 'activeEnergyImport.total': [7, '0.01'], 'activePower.total': 3 },
  bad: { 'voltage.l1': 'timeout' },
  ...over,
})

test('of a sample at a line its registers stay, with their time and quality; of any other nothing', () => {
  const kept = { meter: 'm1', quality: 'uncertain', values: { 'activeEnergyImport.total': [7, '0.01'] } }
  const near = [LINE - BOUNDARY_TOLERANCE_MS, LINE, LINE + BOUNDARY_TOLERANCE_MS]
  const far = [LINE - BOUNDARY_TOLERANCE_MS - 1, LINE + BOUNDARY_TOLERANCE_MS + 1, LINE + SLOT_MS / 2]
  expect(energyAtLines([...near, ...far].map((atMs) => sample(atMs)))).toEqual(
    near.map((atMs) => ({ ...kept, atMs })),
  )
  expect(energyAtLines([sample(LINE, { values: { frequency: 50 } })])).toEqual([])
})

test('what would make no room is not kept', () => {
  const kept = energyAtLines([sample(LINE)])
  expect(isWorthKeeping(kept, 2)).toBe(true)
  expect(isWorthKeeping(kept, 1)).toBe(false)
  expect(isWorthKeeping([], 9)).toBe(false)
})
