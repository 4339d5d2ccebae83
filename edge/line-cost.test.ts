import { describe, expect, it } from 'vitest'
import { serialSettings } from '#firmware-config/gateway.ts'
import { characterUs, exchangeBytes, exchangeUs, lineCost, silenceUs, wireUs } from './line-cost.ts'

const serial = (baudRate: number, more: object = {}) => serialSettings.parse({ baudRate, ...more })
const rtu = (baudRate: number, more: object = {}) => ({
  kind: 'rtu' as const,
  path: '/dev/ttyS0',
  lateMs: 1_000,
  ...serial(baudRate, more),
})

describe('a serial line', () => {
  it('has characters of 10 bits, and of 11 with parity or a second stop bit', () => {
    expect(characterUs(serial(10_000))).toBe(1_000)
    expect(characterUs(serial(10_000, { parity: 'even' }))).toBe(1_100)
    expect(characterUs(serial(10_000, { stopBits: 2 }))).toBe(1_100)
  })

  it('is silent for 3.5 characters, and for 1.75 ms above 19200 baud', () => {
    const silences = [1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 115_200].map((baudRate) =>
      Math.round(silenceUs(serial(baudRate, { parity: 'even' }))),
    )
    expect(silences).toEqual([32_083, 16_042, 8_021, 4_010, 2_005, 1_750, 1_750])
  })

  it('costs 8 + 5 + 2n characters, the answer time and a silence', () => {
    // 10 registers of 8E1 characters at 9600, 19200 and 38400 baud with 30 ms: a manual gives 73, 51 and 40 ms.
    const costs = [9_600, 19_200, 38_400].map((baudRate) => {
      const cost = lineCost(rtu(baudRate, { parity: 'even' }), { pauseMs: 0 })
      return Math.round(exchangeUs(cost, 10) / 1_000)
    })
    expect(costs).toEqual([72, 51, 41])
    const cost = lineCost(rtu(9_600), { pauseMs: 0 })
    expect(exchangeBytes(cost, 10)).toBe(33)
    expect(wireUs(cost, 10)).toBe(34_375)
  })

  it('takes an answer time that documents give, but never one shorter than the silence', () => {
    const answers = [5, 1, 500].map((answerMs) => lineCost(rtu(9_600), { pauseMs: 0, answerMs }).answerUs)
    expect(answers.map(Math.round)).toEqual([5_000, 3_646, 30_000])
  })

  it('counts of a pause only what is longer than the silence', () => {
    const pauses = [0, 3, 200].map((pauseMs) => Math.round(lineCost(rtu(9_600), { pauseMs }).pauseUs))
    expect(pauses).toEqual([0, 0, 196_354])
  })
})

describe('a network', () => {
  const tcp = { kind: 'tcp' as const, host: 'h', port: 502 }

  it('costs a round trip for each request and little for a register', () => {
    const cost = lineCost(tcp, { pauseMs: 0 })
    expect(exchangeBytes(cost, 1)).toBe(23)
    expect(exchangeUs(cost, 1)).toBe(5_019)
    expect(exchangeUs(cost, 125) - exchangeUs(cost, 1)).toBeLessThan(exchangeUs(cost, 1))
  })

  it('costs what the serial line behind it costs as well', () => {
    const direct = lineCost(rtu(9_600), { pauseMs: 0 })
    const behind = lineCost({ ...tcp, line: serial(9_600) }, { pauseMs: 0 })
    const through = lineCost({ ...rtu(9_600), kind: 'rtu-over-tcp', host: 'h', port: 1 }, { pauseMs: 0 })
    for (const registers of [1, 20, 125]) {
      expect(exchangeUs(through, registers)).toBe(exchangeUs(direct, registers) + 5_000)
      expect(exchangeUs(behind, registers)).toBeGreaterThan(exchangeUs(through, registers))
    }
  })
})
