import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { downLeaves, topicOf, upLeaves } from '#contract/topics.ts'
import { testPark } from './ingest.test-support.ts'
import { mayPublish, maySubscribe, type Identity } from './rights.ts'

const park = testPark()
const a: Identity = { kind: 'gateway', gateway: 'gw-a' }
const server: Identity = { kind: 'server' }

/** Every topic near ours: other parks and gateways, both directions, and what is none of ours. */
const topics = ['park-1', 'park-2'].flatMap((parkId) =>
  ['gw-a', 'gw-b', 'gw-x'].flatMap((gateway) =>
    [...upLeaves, ...downLeaves].map((leaf) => topicOf({ park: parkId, gateway, leaf })),
  ),
)
const others = ['$SYS/x/new/clients', '#', '+', 'tanbiao/v1/#', '$share/g/tanbiao/v1/park-1/+/up/live', '']
const own = (direction: 'up' | 'down'): string => `tanbiao/v1/park-1/gw-a/${direction}/`
const ofPark = (direction: 'up' | 'down') => (topic: string) =>
  ['gw-a', 'gw-b'].some((gateway) => topic.startsWith(`tanbiao/v1/park-1/${gateway}/${direction}/`))

describe('rights', () => {
  it('a gateway publishes below its own up only, and retains nothing but its state', () => {
    const allowed = topics.filter((topic) => topic.startsWith(own('up')))
    expect([...topics, ...others].filter((topic) => mayPublish(a, topic, false, park))).toEqual(allowed)
    expect(topics.filter((topic) => mayPublish(a, topic, true, park))).toEqual([`${own('up')}state`])
  })

  it('a gateway subscribes below its own down only', () => {
    const allowed = topics.filter((topic) => topic.startsWith(own('down')))
    expect([...topics, ...others].filter((topic) => maySubscribe(a, topic, park))).toEqual(allowed)
    const wild = [`${own('down')}+`, `${own('down')}#`, `${own('up')}#`, 'tanbiao/v1/park-1/+/down/receipt']
    expect(wild.map((filter) => maySubscribe(a, filter, park))).toEqual([true, true, false, false])
  })

  it('the server publishes below the down of the park’s gateways only', () => {
    expect([...topics, ...others].filter((topic) => mayPublish(server, topic, false, park))).toEqual(
      topics.filter(ofPark('down')),
    )
  })

  it('the server subscribes to what goes up, from one gateway or all', () => {
    expect([...topics, ...others].filter((topic) => maySubscribe(server, topic, park))).toEqual(
      topics.filter(ofPark('up')),
    )
    const wild = ['live', '+', '#'].map((leaf) => `tanbiao/v1/park-1/+/up/${leaf}`)
    expect(wild.every((filter) => maySubscribe(server, filter, park))).toBe(true)
    expect(maySubscribe(server, 'tanbiao/v1/park-1/+/down/receipt', park)).toBe(false)
  })

  it('an operator publishes configurations, retained or not, and subscribes to states', () => {
    const planning: Identity = { kind: 'operator', operator: 'planning' }
    const all = [...topics, ...others]
    for (const retain of [false, true])
      expect(all.filter((topic) => mayPublish(planning, topic, retain, park))).toEqual(
        ['gw-a', 'gw-b'].map((gateway) => topicOf({ park: 'park-1', gateway, leaf: 'configuration' })),
      )
    expect(all.filter((topic) => maySubscribe(planning, topic, park))).toEqual(
      ['gw-a', 'gw-b'].map((gateway) => topicOf({ park: 'park-1', gateway, leaf: 'state' })),
    )
    const wild = ['+/up/state', '+/up/live', '+/up/+', 'gw-a/up/#', 'gw-a/down/+'].map(
      (rest) => `tanbiao/v1/park-1/${rest}`,
    )
    expect(wild.map((filter) => maySubscribe(planning, filter, park))).toEqual([
      true,
      false,
      false,
      false,
      false,
    ])
  })

  it('no text outside a gateway’s own branch gives it a right', () => {
    const parts = [
      'tanbiao',
      'v1',
      'park-1',
      'gw-a',
      'up',
      'down',
      'live',
      'receipt',
      '/',
      '+',
      '#',
      '',
    ] as const
    const text = fc.array(fc.constantFrom(...parts), { maxLength: 8 }).map((each) => each.join('/'))
    fc.assert(
      fc.property(text, (topic) => {
        expect(mayPublish(a, topic, false, park) && !topic.startsWith(own('up'))).toBe(false)
        expect(maySubscribe(a, topic, park) && !topic.startsWith(own('down'))).toBe(false)
      }),
    )
  })
})
