import type { ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { accountingPlan } from '#accounts/accounting-plan.ts'
import { enterpriseMonth, type EnterpriseMonth } from '#dashboards/api/enterprise-shapes.ts'
import { gatewayOf, makeInstallation, parkOf, type Installation } from './support/installation.ts'
import { startPymodbus } from './support/pymodbus.ts'
import { describeWith, freePort } from './support/servers.ts'
import { tanbiao } from './support/tanbiao.ts'
import { until } from './support/until.ts'

/** A counter of products, from its register on a Modbus line to the energy that each piece took. */

const ZONE = 'Asia/Shanghai'
const month = Temporal.Now.plainDateISO(ZONE).toPlainYearMonth().subtract({ months: 1 })
/** Where the registers stood when last month began; what the Modbus server says they have come to now. */
const before = { energyKwh: '1000.00', count: 5_000 }
const now = { energyKwh: 2_000, count: 45_000 }

const profile = `make: Test
model: CT1 counter
carrier: product
evidence: { grade: M, source: This test }
factory: { unit: 1, baudRate: 9600, parity: even, stopBits: 1 }
defaults: { function: 4, as: u32, order: ABCD }
limits: { registersPerRequest: 32, bridgeGaps: 0 }
registers:
  productCount: { at: 0, scale: '1', wrapsAt: 1000000 }
`

/** f32 words of the energy register of an SDM630, high word first. */
function energyWords(kwh: number): Record<string, number> {
  const bytes = new DataView(new ArrayBuffer(4))
  bytes.setFloat32(0, kwh)
  return { [0x48]: bytes.getUint16(0), [0x49]: bytes.getUint16(2) }
}

describeWith(['pymodbus'], 'A counter of products on a Modbus line', () => {
  let installation: Installation
  let python: ChildProcess | undefined
  beforeEach(() => {
    installation = makeInstallation()
  })
  afterEach(() => {
    python?.kill('SIGKILL')
    return installation.remove()
  })

  /** Park, plan, profile, and the readings of the day on which last month began. */
  function write() {
    const name = { zh: '名', en: 'Name' }
    const installed = `${month.toString()}-01T00:00:00+08:00`
    const description = parkOf({ energy: 'gw-1' })
    const [works] = description.enterprises ?? []
    const [energy] = works?.meters ?? []
    if (works === undefined || energy === undefined) expect.unreachable()
    const counter = { carrier: 'product', role: 'product-count', register: 'productCount' } as const
    const { power: _, ...plain } = energy
    const wrapsAt = { count: 1_000_000, resolution: '1' }
    works.meters = [
      { ...plain, installed },
      { ...plain, ...counter, id: 'counter', installed, wrapsAt },
    ]
    const park = installation.write('park.yaml', description)
    installation.write(
      'accounting.yaml',
      accountingPlan.parse({
        park: 'test-park',
        revision: '1',
        standardCoal: { edition: 'gb2589-2020' },
        accounts: [
          {
            account: 'test-works',
            sector: 'industry',
            fuelSet: 'S1',
            electricityRegion: 'tianjin',
            products: [{ id: 'bottles', name, unit: '瓶', meter: 'counter' }],
          },
        ],
      }),
    )
    const profiles = join(installation.folder, 'profiles')
    mkdirSync(profiles)
    writeFileSync(join(profiles, 'ct1.yaml'), profile)
    const readings = join(installation.folder, 'readings.csv')
    writeFileSync(
      readings,
      `meter,time,value\nenergy,${installed},${before.energyKwh}\ncounter,${installed},${before.count}\n`,
    )
    return { park, profiles, readings }
  }

  it('is the production of a month, and its energy is that of each piece', async () => {
    const [modbusPort, mqttPort, port] = [await freePort(), await freePort(), await freePort()]
    const { park, profiles, readings } = write()
    python = await startPymodbus({
      framing: 'tcp',
      port: modbusPort,
      units: {
        1: { function: 4, registers: energyWords(now.energyKwh) },
        2: { function: 4, registers: { 0: now.count >>> 16, 1: now.count & 0xff_ff } },
      },
    })
    const gateway = gatewayOf({
      gateway: 'gw-1',
      meters: ['energy', 'counter'],
      profile: 'eastron-sdm630',
      modbusPort,
      mqttPort,
      everySeconds: 1,
    })
    for (const line of gateway.buses[0]?.meters ?? []) {
      if (line.meter === 'counter') line.profile = 'ct1'
      else line.quantities = ['activeEnergyImport.total']
    }
    const config = installation.write('gateway.yaml', gateway)
    const checked = tanbiao('check', '--park', park, '--config', config, '--profiles', profiles)
    expect(checked.stdout).toMatch(/ 0 findings/)

    const data = join(installation.folder, 'server')
    const imported = tanbiao('import', '--park', park, '--data', data, readings)
    expect(imported.stdout).toContain('2 readings in 3 lines imported')
    const serving = { park, data, port, 'mqtt-port': mqttPort, 'open-as': 'auditor' }
    const server = installation.start('serve', 'serve', serving)
    await server.told('ready')
    const edge = { config, profiles, data: join(installation.folder, 'gateway') }
    const agent = installation.start('edge', 'edge', edge)

    const found = await until(async (): Promise<EnterpriseMonth | undefined> => {
      const url = `http://127.0.0.1:${port}/api/enterprises/test-works/month?month=${month.toString()}`
      const answer = enterpriseMonth.parse(await (await fetch(url)).json())
      return answer.products[0]?.state === 'counted' && answer.carriers[0]?.complete === true
        ? answer
        : undefined
    })
    await agent.stop()
    await server.stop()

    const [bottles] = found.products
    expect(bottles).toMatchObject({ product: 'bottles', unit: '瓶', meter: 'counter', state: 'counted' })
    // Between both readings lies last month, and a part of this one.
    const made = Number(bottles?.quantity)
    expect(made).toBeGreaterThan(0)
    expect(made).toBeLessThan(now.count - before.count)
    const [specific] = bottles?.specific ?? []
    expect(specific).toMatchObject({ carrier: 'electricity', unit: 'kWh', complete: true })
    // 1,000 kWh for 40,000 bottles, shared out over the same time.
    expect(Number(specific?.perUnit)).toBeCloseTo(1_000 / 40_000, 5)
  })
})
