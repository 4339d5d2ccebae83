import { describe, expect, it } from 'vitest'
import { OwedAnswers } from './owed.ts'

const query = { unit: 1, function: 3, address: 0, quantity: 1 } as const

describe('OwedAnswers', () => {
  it('frees a unit of a serial line when its window is over or its answer came', () => {
    const owed = new OwedAnswers(false)
    owed.asked(query, 0, 100)
    expect(owed.standing(1, 40)).toEqual({ kind: 'owes', forMs: 60 })
    expect(owed.standing(2, 40)).toEqual({ kind: 'free' })
    expect(owed.standing(1, 100)).toEqual({ kind: 'free' })
    owed.asked(query, 200, 100)
    owed.paid(1)
    expect(owed.standing(1, 201)).toEqual({ kind: 'free' })
  })

  it('keeps what a unit owes when a serial device comes back', () => {
    const owed = new OwedAnswers(false)
    owed.asked(query, 0, 100)
    owed.reconnected()
    expect(owed.standing(1, 40).kind).toBe('owes')
  })

  it('does not free a unit behind a network by time alone', () => {
    const owed = new OwedAnswers(true)
    owed.asked(query, 0, 100)
    owed.expire(1_000)
    expect(owed.standing(1, 1_000)).toEqual({ kind: 'doubtful' })
    owed.reconnected()
    expect(owed.standing(1, 1_000)).toEqual({ kind: 'free' })
  })

  it('frees it when a request that was sent after its window was answered', () => {
    const owed = new OwedAnswers(true)
    owed.asked(query, 0, 100)
    // Delivered at the latest now: its window begins again.
    owed.proven(50, 500)
    expect(owed.standing(1, 550)).toEqual({ kind: 'owes', forMs: 50 })
    expect(owed.standing(1, 700)).toEqual({ kind: 'owes', forMs: 0 })
    // Sent within the window: what the unit said may follow behind this answer.
    owed.proven(599, 700)
    expect(owed.standing(1, 700).kind).toBe('owes')
    owed.proven(600, 701)
    expect(owed.standing(1, 701)).toEqual({ kind: 'free' })
  })

  it('does not wait for such an answer for ever', () => {
    const owed = new OwedAnswers(true)
    owed.asked(query, 0, 100)
    owed.proven(50, 500)
    expect(owed.standing(1, 30_000).kind).toBe('owes')
    expect(owed.standing(1, 31_000).kind).toBe('doubtful')
  })
})
