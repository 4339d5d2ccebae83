import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PAYLOADS_PER_TURN, Waiting, type Delivery } from './waiting.ts'

const deliveryOf = (
  gateway: string,
  digest: string,
  leaf: 'live' | 'backlog' = 'live',
  bytes = 10,
): Delivery => ({
  topic: { park: 'park-1', gateway, leaf },
  payload: new Uint8Array(bytes),
  digest,
  receivedMs: 0,
})

function takeAll(waiting: Waiting): string[] {
  const taken: string[] = []
  for (let next = waiting.take(); next !== undefined; next = waiting.take())
    taken.push(`${next.topic.gateway} ${next.digest}`)
  return taken
}

describe('Waiting', () => {
  it('gives live before backlog, and of each gateway those that belong together', () => {
    const waiting = new Waiting()
    waiting.offer(deliveryOf('gw-a', 'b1', 'backlog'))
    for (const digest of ['1', '2']) {
      waiting.offer(deliveryOf('gw-a', digest))
      waiting.offer(deliveryOf('gw-b', digest))
    }
    expect(takeAll(waiting)).toEqual(['gw-a 1', 'gw-a 2', 'gw-b 1', 'gw-b 2', 'gw-a b1'])
    expect([waiting.count, waiting.bytes]).toEqual([0, 0])
  })

  it('lets busy gateways take turns of a write each, and nobody wait for all of them who sends now and then', () => {
    const waiting = new Waiting()
    const fill = (gateway: string, count: number): void => {
      for (let index = 0; index < count; index += 1) waiting.offer(deliveryOf(gateway, `${index}`))
    }
    const take = (count: number): string[] =>
      Array.from({ length: count }, () => waiting.take()?.topic.gateway ?? '')
    const turn = (gateway: string, count = PAYLOADS_PER_TURN): string[] =>
      Array.from({ length: count }, () => gateway)
    fill('gw-a', 128)
    fill('gw-b', 128)
    expect(take(138)).toEqual([...turn('gw-a'), ...turn('gw-b'), ...turn('gw-a', 10)])
    fill('gw-c', 1)
    // In the middle of a turn, and then the turn goes on.
    expect(take(21)).toEqual(['gw-c', ...turn('gw-a', 20)])
    // Always something waiting is always a turn and no more, whoever else comes.
    waiting.offer(deliveryOf('gw-c', 'again'))
    waiting.offer(deliveryOf('gw-d', '1'))
    expect(take(36)).toEqual(['gw-d', ...turn('gw-a', 34), 'gw-b'])
    expect(take(64)).toEqual([...turn('gw-b', 63), 'gw-c'])
    expect(takeAll(waiting)).toHaveLength(0)
    expect([waiting.count, waiting.bytes]).toEqual([0, 0])
  })

  it('begins a group with a whole turn, so that one of a write’s length holds a single gateway', () => {
    const waiting = new Waiting()
    for (const gateway of ['gw-a', 'gw-b', 'gw-c'])
      for (let index = 0; index < 100; index += 1) waiting.offer(deliveryOf(gateway, `${index}`, 'backlog'))
    const group = (count: number): string[] => {
      waiting.beginGroup()
      return Array.from({ length: count }, () => waiting.take()?.topic.gateway ?? '')
    }
    const turn = (gateway: string, count = PAYLOADS_PER_TURN): string[] =>
      Array.from({ length: count }, () => gateway)
    expect(group(12)).toEqual(turn('gw-a', 12))
    expect(group(64)).toEqual(turn('gw-b'))
    expect(group(64)).toEqual(turn('gw-c'))
    expect(group(64)).toEqual(turn('gw-a'))
    // 36, 36 and 24 are left: nobody is passed over.
    expect(group(64)).toEqual([...turn('gw-b', 36), ...turn('gw-c', 28)])
    expect(group(64)).toEqual([...turn('gw-c', 8), ...turn('gw-a', 24), ...turn('', 32)])
  })

  it('tells whether more of the turn waits that a group is within', () => {
    const waiting = new Waiting()
    for (let index = 0; index < 69; index += 1) waiting.offer(deliveryOf('gw-a', `${index}`))
    for (let index = 0; index < 3; index += 1) waiting.offer(deliveryOf('gw-b', `${index}`))
    expect(waiting.isWithinTurn).toBe(false)
    waiting.beginGroup()
    const within = Array.from({ length: 72 }, () => {
      const gateway = waiting.take()?.topic.gateway ?? ''
      return `${gateway} ${waiting.isWithinTurn}`
    })
    const of = (text: string, count: number): string[] => Array.from({ length: count }, () => text)
    expect(within).toEqual([
      ...of('gw-a true', 63),
      'gw-a false',
      ...of('gw-b true', 2),
      'gw-b false',
      ...of('gw-a true', 4),
      'gw-a false',
    ])
    waiting.beginGroup()
    expect(waiting.isWithinTurn).toBe(false)
  })

  it('gives gateways that always have some waiting the same, however long the groups are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 90 }), (gateways, length) => {
        const waiting = new Waiting()
        let made = 0
        const offerOf = (gateway: string): void => {
          made += 1
          waiting.offer(deliveryOf(gateway, `${made}`, 'backlog'))
        }
        const given = new Map<string, number>()
        for (let gateway = 0; gateway < gateways; gateway += 1) given.set(`gw-${gateway}`, 0)
        for (const gateway of given.keys()) for (let index = 0; index < 100; index += 1) offerOf(gateway)
        const groups = Math.ceil((gateways * PAYLOADS_PER_TURN * 20) / length)
        for (let group = 0; group < groups; group += 1) {
          waiting.beginGroup()
          const taken = Array.from({ length }, () => waiting.take()?.topic.gateway ?? '')
          for (const gateway of taken) {
            given.set(gateway, (given.get(gateway) ?? 0) + 1)
            offerOf(gateway)
          }
        }
        const counts = [...given.values()]
        // But for the turns that are under way at the end, of two groups at most.
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(
          2 * Math.max(PAYLOADS_PER_TURN, length),
        )
        expect(given.size).toBe(gateways)
      }),
    )
  })

  it('holds a payload once until it is released, on whichever lane it comes', () => {
    const waiting = new Waiting()
    const first = deliveryOf('gw-a', '1')
    expect(waiting.offer(first)).toBe('queued')
    expect(waiting.offer(deliveryOf('gw-a', '1', 'backlog'))).toBe('coalesced')
    expect(waiting.offer(deliveryOf('gw-b', '1'))).toBe('queued')
    waiting.take()
    expect(waiting.offer(first)).toBe('coalesced')
    waiting.release(first)
    expect(waiting.offer(first)).toBe('queued')
  })

  it('bounds one gateway by number and bytes, and leaves room for the others', () => {
    const waiting = new Waiting()
    const offers = Array.from({ length: 1_000 }, (_, index) => waiting.offer(deliveryOf('gw-a', `${index}`)))
    expect(offers.filter((taken) => taken === 'queued')).toHaveLength(128)
    const mebibyte = 1024 * 1024
    const large = Array.from({ length: 64 }, (_, index) =>
      waiting.offer(deliveryOf('gw-b', `${index}`, 'live', mebibyte)),
    )
    expect(large.filter((taken) => taken === 'queued')).toHaveLength(16)
    expect(waiting.offer(deliveryOf('gw-c', '1'))).toBe('queued')
  })

  it('bounds a lane by bytes, and leaves the other lane its own', () => {
    const waiting = new Waiting()
    const mebibyte = 1024 * 1024
    for (let index = 0; index < 200; index += 1)
      waiting.offer(deliveryOf(`gw-${index}`, `${index}`, 'backlog', mebibyte))
    expect(waiting.bytes).toBe(64 * mebibyte)
    expect(waiting.offer(deliveryOf('gw-a', 'live', 'live', mebibyte))).toBe('queued')
  })

  it('remembers what it drops as new, so that it can come again', () => {
    const waiting = new Waiting()
    for (let index = 0; index < 129; index += 1) waiting.offer(deliveryOf('gw-a', `${index}`))
    waiting.take()
    expect(waiting.offer(deliveryOf('gw-a', '128'))).toBe('queued')
  })
})
