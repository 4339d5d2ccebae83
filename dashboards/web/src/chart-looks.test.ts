import { expect, test } from 'vitest'
import { legendRoomPx } from './chart-looks.ts'

test('a legend of more rows gets more room, and names of whole width take more of it', () => {
  const ofLetters = (count: number, letter: string): string[] =>
    Array.from({ length: 8 }, () => letter.repeat(count))
  expect(legendRoomPx(['Whole park'], 300)).toBe(40)
  expect(legendRoomPx(ofLetters(10, 'a'), 300)).toBe(100)
  expect(legendRoomPx(ofLetters(10, '园'), 300)).toBe(180)
  expect(legendRoomPx(ofLetters(10, 'a'), 900)).toBe(40)
})
