import fc from 'fast-check'
import { expect, test } from 'vitest'
import { withoutPassword } from './shown-url.ts'

test('an address is shown without user and password', () => {
  expect(withoutPassword('mqtts://gw:secret@broker:8883')).toBe('mqtts://…@broker:8883')
  expect(withoutPassword('sqlite:/var/lib/readings.sqlite')).toBe('sqlite:/var/lib/readings.sqlite')
})

test('nothing of a password is shown, whatever signs it has', () => {
  const password = fc.string({
    minLength: 1,
    maxLength: 12,
    unit: fc.constantFrom('@', '/', ':', '?', '#', 's', '3'),
  })
  fc.assert(
    fc.property(password, (text) => {
      expect(withoutPassword(`influx2://me:${text}@host/park`)).toBe('influx2://…@host/park')
    }),
  )
})
