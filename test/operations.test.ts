import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { z } from 'zod'
import { startInflux, type InfluxServer } from './support/influx.ts'
import { makeInstallation, parkOf, type Installation } from './support/installation.ts'
import { startMosquitto, type Mosquitto } from './support/mosquitto.ts'
import { describeWith, freePort } from './support/servers.ts'
import { until } from './support/until.ts'

const command = fileURLToPath(new URL('../cli/tanbiao.ts', import.meta.url))
const readiness = z.object({ ready: z.boolean(), reasons: z.array(z.object({ about: z.string() })) })
const report = z.object({
  healthy: z.boolean(),
  findings: z.array(z.object({ check: z.string(), state: z.string(), what: z.string() })),
})

function doctor(...args: readonly string[]) {
  const { status, stdout } = spawnSync(process.execPath, [command, 'doctor', ...args, '--json'], {
    encoding: 'utf8',
  })
  const { healthy, findings } = report.parse(JSON.parse(stdout))
  const faults = findings.filter(({ state }) => state === 'fault').map(({ check }) => check)
  return { status, healthy, findings, faults: [...new Set(faults)] }
}

async function notReadyFor(url: string): Promise<string[]> {
  const { reasons } = readiness.parse(await (await fetch(`${url}/readyz`)).json())
  return reasons.map(({ about }) => about)
}

describeWith(['mosquitto', 'influxd'], 'A server under watch', () => {
  let installation: Installation
  let mosquitto: Mosquitto | undefined
  let influx: InfluxServer | undefined

  afterEach(async () => {
    await installation.remove()
    await mosquitto?.stop()
    await influx?.remove()
  })

  it('says what is wrong with broker and store while it is, and so does doctor; it ends cleanly', async () => {
    installation = makeInstallation()
    mosquitto = await startMosquitto()
    influx = await startInflux()
    const park = installation.write('park.yaml', parkOf({ 'meter-1': 'gw-1' }))
    const data = join(installation.folder, 'server')
    const store = `influx1://127.0.0.1:${influx.port}/park?create=true`
    const options = { park, data, store, broker: mosquitto.url, port: await freePort() }
    const asked = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])

    // Before the first start the database is missing, and is not made by asking.
    expect(doctor(...asked)).toMatchObject({ status: 1, healthy: false, faults: ['store'] })

    const server = installation.start('serve', 'serve', options)
    const { url } = await server.told('ready')
    expect(await notReadyFor(url)).toEqual([])
    expect(doctor(...asked)).toMatchObject({ status: 0, healthy: true, faults: [] })

    await mosquitto.kill()
    await until(async () => ((await notReadyFor(url)).includes('broker') ? true : undefined))
    expect(doctor(...asked)).toMatchObject({ status: 1, faults: ['broker', 'server'] })
    await mosquitto.restart()
    await until(async () => ((await notReadyFor(url)).length === 0 ? true : undefined))

    await influx.stop()
    await until(async () => ((await notReadyFor(url)).includes('store') ? true : undefined))
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    expect(doctor(...asked).faults).toEqual(['store', 'server'])
    await influx.start()
    await until(async () => ((await notReadyFor(url)).length === 0 ? true : undefined))

    const text = await (await fetch(`${url}/metrics`)).text()
    expect(text).toMatch(/^tanbiao_store_failures_total\{call="probe"\} [1-9]/m)
    expect(text).toMatch(/^tanbiao_ingest_broker_subscribed 1$/m)
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m)
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds [\d.e-]+$/m)

    await server.stop()
    expect(await server.ended).toBe('exit code 0')
  })
})
