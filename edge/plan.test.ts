import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quantities } from '#contract/quantities.ts'
import type { MappedRegister } from '#firmware-config/profile.ts'
import { lineCost, type LineCost } from './line-cost.ts'
import { byPlace, endOf, plan, requestOf, type PlanLimits, type ReadRequest } from './plan.ts'

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

/** Whether a set of values can be one request, said in another way than the planner's: address by address. */
function readable(values: readonly MappedRegister[], limits: PlanLimits): boolean {
  const code = values[0]?.function
  const first = Math.min(...values.map(({ address }) => address))
  const end = Math.max(...values.map(endOf))
  if (values.some((value) => value.function !== code) || end - first > limits.registersPerRequest)
    return false
  let gap = 0
  for (let address = first; address < end; address += 1) {
    const used = values.some((each) => each.address <= address && address < endOf(each))
    gap = used ? 0 : gap + 1
    if (gap > limits.bridgeGaps) return false
    if (limits.forbidden.some(([from, to]) => from <= address && address <= to)) return false
    if (address > first && limits.cuts?.some((cut) => cut.function === code && cut.address === address)) {
      return false
    }
  }
  return true
}

/** Every way to put values into groups: the set partitions. */
function* partitions<T>(values: readonly T[]): Generator<T[][]> {
  const [first, ...others] = values
  if (first === undefined) {
    yield []
    return
  }
  for (const groups of partitions(others)) {
    yield [[first], ...groups]
    for (const index of groups.keys()) {
      yield groups.map((group, at) => (at === index ? [first, ...group] : group))
    }
  }
}

const usOf = (cost: LineCost, quantities: readonly number[]): number =>
  quantities.reduce(
    (all, quantity) =>
      all +
      Math.ceil(cost.frameUs + quantity * cost.registerUs + cost.answerUs + cost.silenceUs) +
      Math.ceil(cost.pauseUs),
    0,
  )

const timeOf = (requests: readonly ReadRequest[], cost: LineCost): number =>
  usOf(
    cost,
    requests.map(({ quantity }) => quantity),
  )

/** What a planner does that joins whenever it may. */
function greedy(registers: readonly MappedRegister[], limits: PlanLimits): ReadRequest[] {
  const open: [MappedRegister, ...MappedRegister[]][] = []
  for (const register of registers.toSorted(byPlace)) {
    const last = open.at(-1)
    if (last !== undefined && readable([...last, register], limits)) last.push(register)
    else open.push([register])
  }
  return open.map(requestOf)
}

const costs = fc.oneof(
  fc
    .record({ baudRate: fc.constantFrom(1_200, 9_600, 115_200), answerMs: fc.nat(60), pauseMs: fc.nat(50) })
    .map(({ baudRate, ...pace }) =>
      lineCost({ kind: 'rtu', path: '-', baudRate, parity: 'even', stopBits: 1, lateMs: 1_000 }, pace),
    ),
  fc.constant(lineCost({ kind: 'tcp', host: '-', port: 1 }, { pauseMs: 0 })),
)

const smallScene = fc
  .record({
    values: fc.array(fc.tuple(fc.nat(24), fc.integer({ min: 1, max: 5 }), fc.constantFrom<3 | 4>(3, 3, 4)), {
      maxLength: 7,
    }),
    registersPerRequest: fc.integer({ min: 5, max: 20 }),
    bridgeGaps: fc.nat(8),
    forbidden: fc.array(
      fc.tuple(fc.nat(30), fc.nat(2)).map(([from, more]): [number, number] => [from, from + more]),
      { maxLength: 2 },
    ),
    cuts: fc.array(fc.record({ function: fc.constantFrom<3 | 4>(3, 4), address: fc.nat(30) }), {
      maxLength: 2,
    }),
  })
  .map(({ values, ...limits }) => ({
    limits,
    registers: values
      .map(([address, words, code], index) => register(index, address, words, code))
      .filter((each) => readable([each], limits)),
  }))

describe('plan', () => {
  it('is as cheap as the cheapest of all partitions', () => {
    fc.assert(
      fc.property(smallScene, costs, ({ registers, limits }, cost) => {
        let leastUs = Number.POSITIVE_INFINITY
        for (const groups of partitions(registers)) {
          if (!groups.every((group) => readable(group, limits))) continue
          const quantities = groups.map(
            (group) => Math.max(...group.map(endOf)) - Math.min(...group.map(({ address }) => address)),
          )
          leastUs = Math.min(leastUs, usOf(cost, quantities))
        }
        expect(timeOf(plan(registers, limits, cost), cost)).toBe(leastUs)
      }),
      { numRuns: 300 },
    )
  })

  it('is never slower than joining whenever that is allowed', () => {
    fc.assert(
      fc.property(scene, costs, ({ registers, limits }, cost) => {
        const joined = timeOf(greedy(registers, limits), cost)
        expect(timeOf(plan(registers, limits, cost), cost)).toBeLessThanOrEqual(joined)
      }),
    )
  })

  it('bridges a gap only where that is cheaper than another request', () => {
    const values = [register(0, 0, 2), register(1, 22, 2)]
    const wide = { ...limits, bridgeGaps: 124 }
    const line = (answerMs: number): LineCost =>
      lineCost(
        { kind: 'rtu', path: '-', baudRate: 9_600, parity: 'even', stopBits: 1, lateMs: 1_000 },
        { pauseMs: 0, answerMs },
      )
    // 20 registers are 40 characters = 45.8 ms; a request is 13 characters = 14.9 ms, the answer and 4 ms of silence.
    expect(plan(values, wide, line(30))).toHaveLength(1)
    expect(plan(values, wide, line(5))).toHaveLength(2)
  })

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
