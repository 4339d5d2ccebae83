import { expect, it } from 'vitest'
import { findingText, parseData } from './document.ts'
import { gatewayFile } from './gateway.ts'
import { transportContradictions } from './transport-check.ts'

const meter = (id: string, unit: number): string => `{ meter: ${id}, unit: ${unit}, profile: x }`

/** Findings of a gateway with these buses, one line each. */
function found(...buses: readonly string[]): string[] {
  const text = `gateway: g\npark: p\nuplink: { url: 'mqtt://h' }\nbuses:\n${buses.join('\n')}\n`
  return transportContradictions(parseData(gatewayFile, text, 'g.yaml')).map(findingText)
}

const bus = (id: string, transport: string, ...meters: string[]): string =>
  `  - { id: ${id}, transport: ${transport}, meters: [${meters.join(', ')}] }`

it('finds nothing in lines that fit, whether or not their devices are there', () => {
  expect(
    found(
      bus('a', '{ kind: rtu, path: /dev/ttyUSB0, parity: even }', meter('m1', 1), meter('m2', 247)),
      bus('b', '{ kind: rtu-over-tcp, host: h, port: 4001 }', meter('m3', 1)),
      bus('c', '{ kind: tcp, host: h, port: 502 }', meter('m4', 0), meter('m5', 255)),
    ),
  ).toEqual([])
})

it('finds one device that is set in two ways', () => {
  expect(
    found(
      bus('a', '{ kind: rtu, path: /dev/ttyUSB0 }', meter('m1', 1)),
      bus('b', '{ kind: rtu, path: /dev/ttyUSB0, baudRate: 19200, parity: even }', meter('m2', 2)),
    ),
  ).toEqual([
    'g.yaml:6:25 buses.1.transport: the bus "a" is at /dev/ttyUSB0 too, with rtu, 9600 baud, parity none, 1 stop bit, lateMs 1000: a line can be set in one way only',
  ])
})

it('finds one serial server that is spoken to in two ways', () => {
  const [finding] = found(
    bus('a', '{ kind: tcp, host: h, port: 502 }', meter('m1', 1)),
    bus('b', '{ kind: rtu-over-tcp, host: h, port: 502 }', meter('m2', 2)),
  )
  expect(finding).toContain('the bus "a" is at h:502 too, with Modbus TCP')
})

it('finds an address that two buses at one place share', () => {
  expect(
    found(
      bus('a', '{ kind: rtu, path: /dev/ttyS1 }', meter('m1', 3)),
      bus('b', '{ kind: rtu, path: /dev/ttyS1 }', meter('m2', 3)),
    ),
  ).toEqual(['g.yaml:6:86 buses.1.meters.0.unit: unit 3 at /dev/ttyS1 is "m1" of another bus already'])
})

it.each([0, 248, 255])('finds unit %d on a serial line', (unit) => {
  expect(found(bus('a', '{ kind: rtu, path: /dev/ttyS1 }', meter('m1', unit)))).toEqual([
    `g.yaml:5:86 buses.0.meters.0.unit: unit ${unit} does not exist on a serial line: 1 to 247`,
  ])
})
