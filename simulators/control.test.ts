import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { toDecimal } from '#contract/amount.ts'
import { ManualClock } from '#contract/clock.ts'
import { SLOT_MS, slotStart } from '#contract/grid.ts'
import { readGatewayFile } from '#firmware-config/gateway.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { obey, runControlPrompt } from './control-prompt.ts'
import { startControlServer, type ControlServer } from './control-server.ts'
import { readScenarioFor } from './scenario-check.ts'
import { demoScenarioPath } from './scenario.ts'
import { busKey, startSimulation, type Simulation } from './simulation.ts'

const example = (name: string): string =>
  fileURLToPath(new URL(`../firmware-config/examples/demo-park/${name}`, import.meta.url))
const park = readParkFile(example('park.yaml'))
const startMs = Date.parse('2026-03-04T10:17:23+08:00')

let clock: ManualClock
let simulation: Simulation
let server: ControlServer
beforeEach(async () => {
  clock = new ManualClock(startMs)
  simulation = await startSimulation({
    scenario: readScenarioFor(park, demoScenarioPath),
    park,
    gateways: [readGatewayFile(example('gateway-west.yaml')).value],
    clock,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    host: '127.0.0.1',
    ports: new Map([[busKey('gateway-west', 'west'), 0]]),
  })
  server = await startControlServer(simulation.control, 0)
})
afterEach(async () => {
  await server.stop()
  await simulation.stop()
})

async function call(method: string, path: string, body?: unknown): Promise<[number, unknown]> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  return [response.status, await response.json()]
}

describe('the control server', () => {
  it('injects, lists, ends and logs a fault', async () => {
    const order = { kind: 'slow', meter: 'food-boiler-gas', delayMs: 500, for: '1h' }
    expect(await call('POST', '/faults', order)).toEqual([
      201,
      {
        id: 'c1',
        kind: 'slow',
        target: { meter: 'food-boiler-gas' },
        parameters: { delayMs: 500 },
        beginMs: startMs,
        endMs: startMs + 3_600_000,
      },
    ])
    await call('POST', '/faults', { kind: 'dead', gateway: 'gateway-west', at: '+5m' })
    expect(await call('GET', '/faults')).toMatchObject([
      200,
      { inForce: [{ id: 'c1' }], waiting: [{ id: 'c2', endMs: null }] },
    ])
    clock.advance(1_000)
    expect(await call('DELETE', '/faults/c1')).toMatchObject([200, { endMs: startMs + 1_000 }])
    expect(await call('DELETE', '/faults/c2')).toMatchObject([200, { id: 'c2' }])
    expect(await call('GET', '/faults')).toEqual([200, { inForce: [], waiting: [] }])
    expect(await call('GET', '/log')).toMatchObject([
      200,
      [
        { id: 'c1', phase: 'begins', atMs: startMs },
        { id: 'c1', phase: 'ends', atMs: startMs + 1_000 },
      ],
    ])
    expect(await call('GET', `/log?after=${startMs}`)).toMatchObject([200, [{ phase: 'ends' }]])
  })

  it('shows a meter beside its truth', async () => {
    await call('POST', '/faults', { kind: 'reset', meter: 'food-boiler-gas', to: 5 })
    const truth = simulation.plant.energyAt('food-boiler-gas', startMs)
    const [, shown] = await call('GET', '/meters/food-boiler-gas')
    expect(shown).toMatchObject({ meter: 'food-boiler-gas', bus: 'gateway-west/west', atMs: startMs })
    expect(shown).toHaveProperty(
      'values',
      expect.arrayContaining([{ quantity: 'gasVolumeStandard', truth, shown: 5 }]),
    )
    const [, meters] = await call('GET', '/meters')
    expect(meters).toHaveLength(simulation.control.meters().length)
    const [, kinds] = await call('GET', '/kinds')
    expect(kinds).toEqual(simulation.control.kinds())
    expect(await call('GET', '/lines')).toEqual([200, []])
  })

  it('tells the truth of every node, exactly, whatever the meters show', async () => {
    await call('POST', '/faults', { kind: 'reset', meter: 'food-boiler-gas', to: 5 })
    const { truth } = simulation.control
    expect(await call('GET', '/truth')).toEqual([200, { nodes: truth.nodes }])
    const period = { fromMs: startMs - 2 * SLOT_MS, toMs: startMs }
    const [, told] = await call('GET', `/truth/food-boiler-gas?from=${period.fromMs}&to=${period.toMs}`)
    const energy = (fromMs: number) =>
      toDecimal(truth.energyOf('food-boiler-gas', { fromMs, toMs: fromMs + SLOT_MS }))
    expect(told).toMatchObject({
      unit: 'm³',
      rows: [{ energy: energy(period.fromMs) }, { energy: energy(period.fromMs + SLOT_MS) }],
    })
    const table = await fetch(`${server.url}/truth.csv?from=${period.fromMs}&to=${period.toMs}`)
    expect(table.headers.get('content-type')).toContain('text/csv')
    const [head = '', first = ''] = (await table.text()).split('\n')
    const column = head.split(',').indexOf('food-boiler-gas [m³]')
    expect(first.split(',')[column]).toBe(energy(slotStart(period.fromMs)))
  })

  it.each([
    ['POST', '/faults', { kind: 'haunted', meter: 'food-boiler-gas' }, 400, 'request-invalid'],
    ['POST', '/faults', { kind: 'dead', meter: 'nobody' }, 400, 'request-invalid'],
    ['POST', '/faults', ['dead'], 400, 'request-invalid'],
    ['DELETE', '/faults/c9', undefined, 404, 'not-simulated'],
    ['GET', '/meters/nobody', undefined, 404, 'not-simulated'],
    ['GET', '/truth/nobody?from=1&to=2', undefined, 404, 'not-simulated'],
    ['GET', '/truth/food-boiler-gas?from=2&to=1', undefined, 400, 'request-invalid'],
    ['GET', '/truth.csv?from=0&to=700000000', undefined, 400, 'request-invalid'],
    ['GET', '/log?after=yesterday', undefined, 400, 'request-invalid'],
  ])('answers %s %s %o with %i %s', async (method, path, body, status, code) => {
    const advice = expect.not.stringContaining('/api/park')
    expect(await call(method, path, body)).toMatchObject([status, { code, advice }])
    expect(simulation.control.log()).toEqual([])
  })

  it('takes nothing from pages of elsewhere', async () => {
    const body = JSON.stringify({ kind: 'dead', gateway: 'gateway-west' })
    const plain = await fetch(`${server.url}/faults`, { method: 'POST', body })
    expect(plain.status).toBe(415)
    const { port } = new URL(server.url)
    const answer = await import('node:http').then(
      ({ request }) =>
        new Promise<number | undefined>((resolve, reject) => {
          const outgoing = request(
            { host: '127.0.0.1', port, path: '/faults', headers: { host: 'evil.example' } },
            (response) => {
              response.resume()
              resolve(response.statusCode)
            },
          )
          outgoing.once('error', reject)
          outgoing.end()
        }),
    )
    expect(answer).toBe(400)
    expect(simulation.control.log()).toEqual([])
  })

  it('names a port that is taken', async () => {
    const { port } = new URL(server.url)
    await expect(startControlServer(simulation.control, Number(port))).rejects.toMatchObject({
      code: 'port-taken',
    })
  })
})

describe('the prompt', () => {
  it('does what the control does', () => {
    const { control } = simulation
    expect(obey(control, 'fault food-boiler-gas stuck quantities=gasFlowStandard for=15m')).toBe(
      'c1    stuck          food-boiler-gas quantities=gasFlowStandard until 2026-03-04T02:32:23.000Z',
    )
    expect(obey(control, 'fault gateway-west/west cable-cut')).toContain('cable-cut')
    expect(obey(control, 'fault gateway-west power-cut at=+1m')).toContain('power-cut')
    expect(obey(control, 'faults').split('\n')).toHaveLength(3)
    expect(obey(control, 'end c2')).toContain('ended c2')
    expect(obey(control, 'meters').split('\n')).toHaveLength(control.meters().length)
    expect(obey(control, 'kinds').split('\n')).toHaveLength(control.kinds().length)
    expect(obey(control, 'show food-boiler-gas')).toMatch(/^gasVolumeStandard +\d+\.\d{3}$/m)
    expect(obey(control, 'truth').split('\n')).toHaveLength(control.truth.nodes.length)
    expect(
      obey(control, 'truth food-boiler-gas 2026-03-04T08:00:00+08:00 2026-03-04T08:30:00+08:00'),
    ).toMatch(/^2026-03-04T00:00:00\.000Z \d+\.\d{6} m³\n2026-03-04T00:15:00\.000Z \d+\.\d{6} m³$/)
    expect(() => obey(control, 'truth food-boiler-gas')).toThrow(/from/)
    expect(obey(control, 'dance')).toContain('There is no command "dance"')
    expect(() => obey(control, 'fault food-boiler-gas slow delayMs')).toThrow(/not name=value/)
  })

  it('takes line after line, says what was wrong, and ends at quit', async () => {
    const output = new PassThrough()
    const said = text(output)
    const input = Readable.from(['fault nobody dead\nfault food-boiler-gas dead\n', 'quit\nfaults\n'])
    await runControlPrompt(simulation.control, input, output, new AbortController().signal)
    output.end()
    expect(await said).toMatch(/no gateway "nobody" is simulated[\s\S]*c1 +dead/)
    expect(simulation.control.active().inForce).toHaveLength(1)
  })

  it('ends when the process does', async () => {
    const ending = new AbortController()
    const prompt = runControlPrompt(simulation.control, new PassThrough(), new PassThrough(), ending.signal)
    ending.abort()
    await prompt
  })
})
