import { describe, expect, it } from 'vitest'
import { Agenda, type PendingRequest } from './agenda.ts'
import { plan } from './plan.ts'
import type { ReadingTask } from './tasks.ts'
import { testRegister } from './testing/virtual-line.ts'

const QUARTER = 900_000
const LIMITS = { registersPerRequest: 20, bridgeGaps: 10, forbidden: [] }
const power = testRegister('activePower.total', 0)
const energy = testRegister('activeEnergyImport.total', 4, '0.01')
const thd = testRegister('voltageThd.l1', 100)

const fast: ReadingTask = { everyMs: 1_000, registers: [power], sheddable: false }
const counted: ReadingTask = { everyMs: 60_000, registers: [energy], sheddable: false }
const slow: ReadingTask = { everyMs: 60_000, registers: [thd], sheddable: true }

const agenda = (...tasks: ReadingTask[]): Agenda => new Agenda(tasks, (registers) => plan(registers, LIMITS))
const shown = (of: readonly PendingRequest[]) =>
  of.map(({ request, urgency }) => [request.registers.map(({ quantity }) => quantity).join(' '), urgency])
const readAll = (of: Agenda): void => {
  for (const each of of.pending) of.finish(each, true)
}

describe('Agenda', () => {
  it('is due at once, then on the grid of the interval', () => {
    const of = agenda(fast)
    of.advance(12_345, false)
    expect(of.pending).toHaveLength(1)
    expect(of.nextMs).toBe(13_000)
    readAll(of)
    of.advance(12_999, false)
    expect(of.pending).toHaveLength(0)
    of.advance(13_000, false)
    expect(of.pending).toHaveLength(1)
    expect(of.counts).toEqual({ wanted: 2, read: 1, failed: 0, missed: 0, held: 0 })
  })

  it('makes one plan of what falls due together', () => {
    const of = agenda(fast, counted, slow)
    of.advance(1, false)
    expect(shown(of.pending)).toEqual([
      ['activePower.total activeEnergyImport.total', 'normal'],
      ['voltageThd.l1', 'sheddable'],
    ])
    readAll(of)
    of.advance(1_000, false)
    expect(shown(of.pending)).toEqual([['activePower.total', 'normal']])
    readAll(of)
    expect(of.counts).toMatchObject({ wanted: 4, read: 4 })
  })

  it('puts cumulative registers first at the quarters of an hour', () => {
    const of = agenda(fast, counted, slow)
    of.advance(QUARTER - 1, false)
    readAll(of)
    of.advance(QUARTER, false)
    expect(shown(of.pending)[0]).toEqual(['activePower.total activeEnergyImport.total', 'boundary'])
  })

  it('reads the last of the slots that it missed, late, with what still waits', () => {
    const of = agenda(fast, slow)
    of.advance(0, false)
    const [first] = of.pending
    if (first !== undefined) of.finish(first, true)
    of.advance(3_500, false)
    expect(of.counts).toMatchObject({ wanted: 5, read: 1, missed: 2 })
    expect(of.pending.map(({ dueMs }) => dueMs)).toEqual([3_000, 0])
    readAll(of)
    expect(of.counts).toMatchObject({ wanted: 5, read: 3, missed: 2 })
    of.advance(3_900, false)
    expect(of.pending).toEqual([])
  })

  it('reads to its end what has begun, then the last slot that came meanwhile', () => {
    const of = agenda({ ...fast, registers: [power, thd] })
    of.advance(0, false)
    const [first, second] = of.pending
    if (first !== undefined) of.finish(first, true)
    of.advance(2_000, false)
    expect(of.pending).toEqual([second])
    if (second !== undefined) of.finish(second, true)
    of.advance(2_500, false)
    expect(of.pending.map(({ dueMs }) => dueMs)).toEqual([2_000, 2_000])
    expect(of.counts).toMatchObject({ wanted: 3, read: 1, missed: 1 })
  })

  it('sheds a slow quantity, but not for ever', () => {
    const of = agenda(slow)
    const urgencies = Array.from({ length: 12 }, (_, minute) => {
      of.advance(minute * 60_000, false)
      return of.pending[0]?.urgency
    })
    expect(urgencies.indexOf('normal')).toBe(10)
    readAll(of)
    of.advance(12 * 60_000, false)
    expect(of.pending[0]?.urgency).toBe('sheddable')
  })

  it('counts slots that a meter lets pass by itself apart from those that the line has no time for', () => {
    const of = agenda(fast)
    of.advance(0, false)
    of.abandon()
    of.hold(5_000)
    expect(of.nextMs).toBe(5_000)
    of.advance(5_000, false)
    of.advance(6_000, true)
    expect(of.counts).toEqual({ wanted: 7, read: 0, failed: 1, missed: 0, held: 4 })
  })

  it('begins anew when the clock was set back', () => {
    const of = agenda(fast)
    of.advance(1_000_000, false)
    readAll(of)
    of.advance(500_100, false)
    expect([of.pending.length, of.nextMs]).toEqual([0, 501_000])
    of.advance(501_000, false)
    expect(of.pending).toHaveLength(1)
  })

  it('asks for the parts of a request in its place', () => {
    const of = agenda(fast, counted)
    of.advance(0, false)
    const [whole] = of.pending
    if (whole === undefined) throw new Error('nothing is due')
    of.finish(whole, false, [...plan([power], LIMITS), ...plan([energy], LIMITS)])
    expect(shown(of.pending).map(([name]) => name)).toEqual(['activePower.total', 'activeEnergyImport.total'])
    const [first, second] = of.pending
    if (first !== undefined) of.finish(first, true)
    if (second !== undefined) of.finish(second, false)
    expect(of.counts).toMatchObject({ wanted: 2, read: 1, failed: 1 })
  })
})
