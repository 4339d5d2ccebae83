import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { eventMs, indexPark, parkDescription } from './park.ts'

const label = { zh: '名', en: 'name' }
const meter = (id: string, more: object = {}): object => ({
  id,
  name: label,
  carrier: 'electricity',
  role: 'terminal',
  gateway: 'g1',
  register: 'activeEnergyImport.total',
  ratingPerHour: 100,
  installed: '2025-01-01T08:00:00+08:00',
  ...more,
})

const park = {
  id: 'p1',
  name: label,
  gateways: [{ id: 'g1', name: label }],
  meters: [meter('in', { role: 'boundary' })],
  enterprises: [
    {
      id: 'steel',
      name: label,
      meters: [meter('steel-in', { upstream: 'in' })],
      processes: [
        {
          id: 'rolling',
          name: label,
          meters: [meter('rolling-1')],
          equipment: [{ id: 'stand-1', name: label, meters: [meter('motor-1')] }],
        },
      ],
    },
  ],
}

describe('a park', () => {
  const indexed = indexPark(parkDescription.parse(park))

  test('knows every meter by its id, with its place in the tree', () => {
    expect([...indexed.meters.values()].map(({ id, path, enterprise }) => [id, path, enterprise])).toEqual([
      ['in', ['p1'], undefined],
      ['steel-in', ['p1', 'steel'], 'steel'],
      ['rolling-1', ['p1', 'steel', 'rolling'], 'steel'],
      ['motor-1', ['p1', 'steel', 'rolling', 'stand-1'], 'steel'],
    ])
    expect([...indexed.gateways.keys()]).toEqual(['g1'])
  })

  test('fills in what is not written', () => {
    expect(indexed.description.timeZone).toBe('Asia/Shanghai')
    expect(indexed.gateways.get('g1')?.silentAfterSeconds).toBe(30)
    expect(indexed.meters.get('in')).toMatchObject({
      gapSeconds: 300,
      events: [],
      installedMs: Temporal.Instant.from('2025-01-01T00:00:00Z').epochMilliseconds,
    })
  })

  test.each([
    ['a time zone that does not exist', { timeZone: 'Mars/Olympus' }],
    ['an unknown key', { owner: 'x' }],
    ['an id with a space', { id: 'p 1' }],
    ['a meter without a rating', { meters: [meter('x', { ratingPerHour: undefined })] }],
    ['a rating of nothing', { meters: [meter('x', { ratingPerHour: 0 })] }],
    ['a date without an offset', { meters: [meter('x', { installed: '2025-01-01T00:00:00' })] }],
    ['a role that is none', { meters: [meter('x', { role: 'spare' })] }],
    ['an event of an unknown kind', { meters: [meter('x', { events: [{ kind: 'lost' }] })] }],
  ])('refuses %s', (_name, change) => {
    expect(parkDescription.safeParse({ ...park, ...change }).success).toBe(false)
  })

  test('has a JSON Schema for editors', () => {
    expect(z.toJSONSchema(parkDescription, { io: 'input' })).toMatchObject({ type: 'object' })
  })
})

test('an event is at its moment, whatever the offset it is written in', () => {
  const amounts = { final: { count: 1, resolution: '1' }, initial: { count: 0, resolution: '1' } }
  expect(eventMs({ kind: 'reset', at: '2025-03-11T00:00:00+08:00', quantity: 'steamMass', ...amounts })).toBe(
    Temporal.Instant.from('2025-03-10T16:00:00Z').epochMilliseconds,
  )
})
