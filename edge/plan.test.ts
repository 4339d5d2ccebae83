import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quantities } from '#contract/quantities.ts'
import type { MappedRegister } from '#firmware-config/profile.ts'
import { plan, type PlanLimits } from './plan.ts'

const register = (index: number, address: number, words: number, code: 3 | 4 = 3): MappedRegister => ({
  quantity: quantities[index % quantities.length]?.name ?? 'frequency',
  function: code,
  address,
  words,
  encoding: 'u16',
  order: 'ABCD',
  factor: '1',
  resolution: undefined,
  notAvailable: [],
})

const limits: PlanLimits = { registersPerRequest: 125, bridgeGaps: 0, forbidden: [] }

const registers = fc
  .array(fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 4 }), fc.constantFrom<3 | 4>(3, 4)), {
    maxLength: 40,
  })
  .map((lines) => lines.map(([address, words, code], index) => register(index, address, words, code)))

const scene = fc
  .record({
    registers,
    registersPerRequest: fc.integer({ min: 4, max: 125 }),
    bridgeGaps: fc.nat(30),
    forbidden: fc.array(
      fc.tuple(fc.nat(400), fc.nat(6)).map(([from, more]): [number, number] => [from, from + more]),
      { maxLength: 5 },
    ),
  })
  .map(({ registers, ...limits }) => ({
    limits,
    registers: registers.filter(({ address, words }) =>
      limits.forbidden.every(([from, to]) => address + words <= from || to < address),
    ),
  }))

describe('plan', () => {
  it('reads every value whole in exactly one request', () => {
    fc.assert(
      fc.property(scene, ({ registers, limits }) => {
        const requests = plan(registers, limits)
        const planned = requests.flatMap((request) => request.registers)
        expect(new Set(planned)).toEqual(new Set(registers))
        expect(planned).toHaveLength(registers.length)
        for (const request of requests) {
          for (const { address, words, function: code } of request.registers) {
            expect(code).toBe(request.function)
            expect(address).toBeGreaterThanOrEqual(request.address)
            expect(address + words).toBeLessThanOrEqual(request.address + request.quantity)
          }
        }
      }),
    )
  })

  it('keeps the limits, starts and ends on a value, and touches no forbidden register', () => {
    fc.assert(
      fc.property(scene, ({ registers, limits }) => {
        for (const request of plan(registers, limits)) {
          const end = request.address + request.quantity
          expect(request.quantity).toBeLessThanOrEqual(limits.registersPerRequest)
          expect(request.registers.some(({ address }) => address === request.address)).toBe(true)
          expect(request.registers.some(({ address, words }) => address + words === end)).toBe(true)
          for (const [from, to] of limits.forbidden) expect(end <= from || to < request.address).toBe(true)
          let gap = 0
          for (let address = request.address; address < end; address += 1) {
            const used = request.registers.some(
              (each) => each.address <= address && address < each.address + each.words,
            )
            gap = used ? 0 : gap + 1
            expect(gap).toBeLessThanOrEqual(limits.bridgeGaps)
          }
        }
      }),
    )
  })

  it('joins neighbours, and bridges a gap only as wide as allowed', () => {
    const values = [register(0, 10, 2), register(1, 12, 2), register(2, 16, 2)]
    expect(plan(values, limits).map(({ address, quantity }) => [address, quantity])).toEqual([
      [10, 4],
      [16, 2],
    ])
    expect(plan(values, { ...limits, bridgeGaps: 2 })).toHaveLength(1)
    expect(plan(values, { ...limits, bridgeGaps: 2, forbidden: [[15, 15]] })).toHaveLength(2)
  })

  it('lets two quantities share registers', () => {
    const values = [register(0, 10, 2), register(1, 10, 2), register(2, 11, 4)]
    expect(plan(values, limits).map(({ address, quantity }) => [address, quantity])).toEqual([[10, 5]])
  })

  it('refuses a value that its profile forbids to read', () => {
    expect(() => plan([register(0, 10, 2)], { ...limits, forbidden: [[11, 20]] })).toThrow(/cannot be read/)
    expect(() => plan([register(0, 10, 4)], { ...limits, registersPerRequest: 3 })).toThrow(/cannot be read/)
  })
})
