import { expect, test } from 'vitest'
import { simulatedProduction } from './demo-production.ts'

const at = (text: string): number => Temporal.Instant.from(`${text}+08:00`).epochMilliseconds

test('whole months have a record of each product, which says that it is simulated', () => {
  const period = { fromMs: at('2026-01-20T00:00'), toMs: at('2026-04-05T00:00') }
  const records = simulatedProduction(period, 'Asia/Shanghai')
  expect(records.map(({ account, from, to }) => [account, from, to])).toEqual([
    ['steel', '2026-02-01', '2026-03-01'],
    ['food', '2026-02-01', '2026-03-01'],
    ['steel', '2026-03-01', '2026-04-01'],
    ['food', '2026-03-01', '2026-04-01'],
  ])
  // February 2026 has 20 days from Monday to Friday, and 28 in all.
  expect(records.map((record) => 'quantity' in record && record.quantity).slice(0, 2)).toEqual([
    '1680',
    '588',
  ])
  expect(records.every(({ document }) => document.includes('simulated'))).toBe(true)
})
