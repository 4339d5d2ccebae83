import { expect, test } from 'vitest'
import { Strangers } from './strangers.ts'

test('who comes without end pushes out nobody but itself', () => {
  const strangers = new Strangers<string>(4)
  expect(strangers.come('gateway', '192.0.2.1')).toBeUndefined()
  const gone = Array.from({ length: 10 }, (_, number) => strangers.come(`flood ${number}`, '203.0.113.7'))
  expect(gone.slice(0, 3)).toEqual([undefined, undefined, undefined])
  expect(gone.slice(3)).toEqual(Array.from({ length: 7 }, (_, number) => `flood ${number}`))
})

test('who has said who it is takes no place of strangers', () => {
  const strangers = new Strangers<number>(2)
  for (let number = 0; number < 100; number += 1) {
    expect(strangers.come(number, '192.0.2.1')).toBeUndefined()
    strangers.leave(number)
  }
})
