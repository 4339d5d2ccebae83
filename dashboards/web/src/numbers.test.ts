import { expect, test } from 'vitest'
import { momentText } from './numbers.ts'

const atMs = Date.parse('2026-11-28T04:05:06Z')

test('a moment is said on the park’s wall', () => {
  expect(momentText(atMs, 'zh-CN', 'Asia/Shanghai')).toBe('2026-11-28 12:05')
})

test('what is no instant, or in no known zone, is said and not thrown', () => {
  for (const none of [Number.NaN, Infinity, -9e15]) expect(momentText(none, 'en', 'Asia/Shanghai')).toBe('—')
  expect(momentText(atMs, 'en', 'Nowhere/At_All')).toBe('2026-11-28 04:05Z')
})
