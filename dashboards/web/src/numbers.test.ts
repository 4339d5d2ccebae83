import { expect, test } from 'vitest'
import { momentText, offsetText, percentColumnText, placesText, tonnesText, valueText } from './numbers.ts'

const atMs = Date.parse('2026-11-28T04:05:06Z')

test('a moment is said on the park’s wall', () => {
  expect(momentText(atMs, 'zh-CN', 'Asia/Shanghai')).toBe('2026-11-28 12:05')
})

test('what is no instant, or in no known zone, is said and not thrown', () => {
  for (const none of [Number.NaN, Infinity, -9e15]) expect(momentText(none, 'en', 'Asia/Shanghai')).toBe('—')
  expect(momentText(atMs, 'en', 'Nowhere/At_All')).toBe('2026-11-28 04:05Z')
})

test('what rounds to nothing has no sign', () => {
  expect(percentColumnText(-0.000_000_1, 'en')).toBe('0.0%')
  expect(valueText(-0.000_000_1, 'en')).toBe('0.00')
  expect(placesText(-0.000_1, 'en')).toBe('0.000')
  expect(tonnesText('-0.0001', 'en')).toBe('0.000')
  expect(percentColumnText(-0.004, 'en')).toBe('-0.4%')
})

test('offsets of clocks have the same digits, whatever they are', () => {
  expect([0, -4, 1_200].map((aheadMs) => offsetText(aheadMs, 'en'))).toEqual([
    '0.000\u00A0s',
    '-0.004\u00A0s',
    '+1.200\u00A0s',
  ])
})
