import fc from 'fast-check'
import { expect, test } from 'vitest'
import { identifier } from './identity.ts'
import { downLeaves, filterOf, parseTopic, topicOf, upLeaves } from './topics.ts'

const name = fc.stringMatching(/^[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,3}$/)
const leaf = fc.constantFrom(...upLeaves, ...downLeaves)

test('every topic is parsed to what it was built from', () => {
  fc.assert(
    fc.property(name, name, leaf, (park, gateway, leaf) => {
      expect(identifier.safeParse(park).success).toBe(true)
      expect(parseTopic(topicOf({ park, gateway, leaf }))).toEqual({ park, gateway, leaf })
    }),
  )
})

test('a gateway publishes below its own "up" and listens below its own "down"', () => {
  expect(upLeaves.map((leaf) => topicOf({ park: 'p', gateway: 'g', leaf }))).toEqual(
    upLeaves.map((leaf) => `tanbiao/v1/p/g/up/${leaf}`),
  )
  expect(downLeaves.map((leaf) => topicOf({ park: 'p', gateway: 'g', leaf }))).toEqual(
    downLeaves.map((leaf) => `tanbiao/v1/p/g/down/${leaf}`),
  )
})

test('a filter takes one leaf of every gateway', () => {
  expect(filterOf('p', 'live')).toBe('tanbiao/v1/p/+/up/live')
})

test.each([
  'tanbiao/v2/p/g/up/live',
  'other/v1/p/g/up/live',
  'tanbiao/v1/p/g/down/live',
  'tanbiao/v1/p/g/up/receipt',
  'tanbiao/v1/p/g/up/live/more',
  'tanbiao/v1//g/up/live',
  'tanbiao/v1/p//up/live',
  'tanbiao/v1/p/g/up',
  '',
])('"%s" is not ours', (text) => expect(parseTopic(text)).toBeUndefined())
