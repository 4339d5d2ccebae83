import { expect, test } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { StateIntake } from './state-intake.ts'

const TOOK_MS = 10

function intake() {
  const clock = new ManualClock(0)
  const taken: string[] = []
  const states = new StateIntake(clock, ['gw-a', 'gw-b'], (topic, payload) => {
    taken.push(`${topic.gateway} ${String(payload)}`)
    clock.advance(TOOK_MS)
  })
  const offer = (gateway: string, state: number): void =>
    states.offer({ park: 'park-1', gateway, leaf: 'state' }, Uint8Array.of(state))
  return { clock, taken, offer, states }
}

test('states are taken at once; of a flood the first, and then now and then the newest', () => {
  const { clock, taken, offer } = intake()
  for (let state = 1; state <= 100; state += 1) offer('gw-a', state)
  offer('gw-b', 1)
  expect(taken).toEqual([...[1, 2, 3, 4, 5, 6].map((state) => `gw-a ${state}`), 'gw-b 1'])
  clock.advance(100)
  expect(taken).toHaveLength(7)
  clock.advance(40)
  expect(taken.at(-1)).toBe('gw-a 100')
  clock.advance(60_000)
  expect(taken).toHaveLength(8)
  offer('gw-a', 101)
  expect(taken.at(-1)).toBe('gw-a 101')
})

test('what names no gateway of the park shares one place', () => {
  const { taken, offer } = intake()
  for (let number = 0; number < 100; number += 1) offer(`gw-${number}`, 1)
  expect(taken).toHaveLength(6)
})

test('nothing is taken after the end', () => {
  const { clock, taken, offer, states } = intake()
  for (let state = 1; state <= 7; state += 1) offer('gw-a', state)
  states.stop()
  clock.advance(60_000)
  offer('gw-a', 8)
  expect(taken).toHaveLength(6)
})
