import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Probation } from './probation.ts'

const meters = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'))
const answering = meters.map((each) => new Set(each))

describe('a probation', () => {
  it('is passed by what worked before', () => {
    fc.assert(
      fc.property(fc.boolean(), answering, meters, (connected, before, described) => {
        fc.pre(before.size === 0 || described.some((meter) => before.has(meter)))
        const probation = new Probation({ connected, answering: before }, described)
        expect(probation.look({ connected, answering: before })).toBe(true)
      }),
    )
  })

  it('is not passed without the uplink that was there, nor without any of the meters that answered', () => {
    const before = { connected: true, answering: new Set(['a', 'b']) }
    const probation = new Probation(before, ['a', 'b', 'c'])
    // A meter that never answered says nothing about those that did.
    expect(probation.look({ connected: false, answering: new Set(['c']) })).toBe(false)
    expect(probation.complaint).toBe('the broker was not reached, and no meter answered')
    expect(probation.look({ connected: false, answering: new Set(['b']) })).toBe(false)
    expect(probation.complaint).toBe('the broker was not reached')
    // Each must be seen once, not both at one moment.
    expect(probation.look({ connected: true, answering: new Set() })).toBe(true)
  })

  it('wants any meter where none of those that answered is left', () => {
    const probation = new Probation({ connected: false, answering: new Set(['a']) }, ['b', 'c'])
    expect(probation.look({ connected: true, answering: new Set() })).toBe(false)
    expect(probation.look({ connected: false, answering: new Set(['c']) })).toBe(true)
  })

  it('asks nothing that did not work before', () => {
    const probation = new Probation({ connected: false, answering: new Set() }, ['a'])
    expect(probation.look({ connected: false, answering: new Set() })).toBe(true)
  })
})
