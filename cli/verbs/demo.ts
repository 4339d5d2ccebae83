import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { z } from 'zod'
import { Fault, faultText } from '#contract/fault.ts'
import { readGatewayFile, type GatewayFile } from '#firmware-config/gateway.ts'
import { giveSecret } from '#ingest/access.ts'
import { fasterGateway } from '#simulators/time.ts'
import { startChild, type Child } from '../child.ts'
import { openDataFolder, type DataFolder } from '../data-folder.ts'
import { fillPast } from '../demo-past.ts'
import { watchLifetime } from '../lifetime.ts'
import { port, text } from '../options.ts'
import { clockOf, paceArguments, paceOfFolder, paceOptions } from '../pace.ts'
import { startPowered } from '../powered-gateway.ts'
import { verb } from '../verb.ts'
import { accessFolderIn } from './gateway-password.ts'

const options = z.object({
  data: text.default('./data').meta({ description: 'Folder for everything that is kept (./data)' }),
  host: text
    .default('127.0.0.1')
    .meta({ description: 'Address of the pages; the loopback unless told otherwise' }),
  port: port.default(8080).meta({ description: 'Port of the pages (8080; 0 takes a free one)' }),
  'mqtt-port': port.default(1883).meta({ description: 'Port of the broker (1883; 0 takes a free one)' }),
  'modbus-port': port.default(15_020).meta({
    description: 'Port of the first simulated bus, the next ones follow (15020; 0 takes free ones)',
  }),
  'control-port': port.default(15_099).meta({
    description: 'Port on the loopback for faults on command and the truth (15099; 0 takes a free one)',
  }),
  'history-months': z.coerce
    .number()
    .int()
    .min(0)
    .max(36)
    .default(13)
    .meta({ description: 'Months of the past that are filled in, in the background (13; 0 for none)' }),
  ...paceOptions,
})

const demoPark = new URL('../../firmware-config/examples/demo-park/', import.meta.url)
const parkFile = fileURLToPath(new URL('park.yaml', demoPark))
const gatewayFiles = ['gateway-east.yaml', 'gateway-west.yaml'].map((file) =>
  fileURLToPath(new URL(file, demoPark)),
)
const scenarioFile = fileURLToPath(new URL('../../simulators/scenarios/demo-park.yaml', import.meta.url))

/** A gateway that ends is started again, but not for ever. */
const RESTARTS_MAX = 20

/** The demo park: simulated meters, two gateways, broker, store and pages, each a process of its own. */
export const demo = verb('Run the demo park on this machine', options, async (given) => {
  const steps = new Steps()
  const lifetime = watchLifetime()
  steps.title('tanbiao 碳表 · 演示园区 demo park')
  const folder = openDataFolder(given.data)
  const children: Child[] = []
  const start = (name: string, args: readonly string[]): Child => {
    // Who is asked to stop while it starts must not leave behind what it was about to start.
    lifetime.signal.throwIfAborted()
    const child = startChild(name, args, folder.file('log', `${name}.log`))
    children.unshift(child)
    return child
  }
  const run = async (): Promise<void> => {
    mkdirSync(folder.file('log'), { recursive: true })
    steps.done(`数据目录 data folder ${folder.path}`)
    const pace = paceOfFolder(folder, 'server', given)
    const paced = paceArguments(pace)
    const startMs = clockOf(pace).wallMs()
    // Before the server starts: from its first moment on it knows whom it lets in.
    mkdirSync(folder.file('server'), { recursive: true })
    await Promise.all(
      gatewayFiles.map((file) => writeCredentials(folder, readGatewayFile(file).value.gateway)),
    )

    const meters = start('simulate', [
      'simulate',
      ...flags({ scenario: scenarioFile, park: parkFile, port: given['modbus-port'] }),
      ...flags({ 'control-port': given['control-port'], 'fault-log': folder.file('faults.jsonl') }),
      ...gatewayFiles.flatMap((file) => flags({ config: file })),
      ...paced,
    ])
    const server = start('serve', [
      'serve',
      ...flags({ park: parkFile, data: folder.file('server'), host: given.host, port: given.port }),
      // Whoever is on this machine may look at everything; changes need somebody who signed in.
      ...flags({ 'mqtt-port': given['mqtt-port'], simulated: true, 'open-as': 'auditor' }),
      ...paced,
    ])
    // Gateways wait for the meters alone: what they read before the broker is there waits in their journals.
    const simulated = await meters.told('ready')
    steps.done(`模拟仪表 simulated meters at Modbus TCP ports ${Object.values(simulated.ports).join(', ')}`)
    const mqttPort = given['mqtt-port'] === 0 ? mqttPortOf(await server.told('ready')) : given['mqtt-port']
    const gateways = gatewayFiles.map((file) =>
      writeGateway(
        folder,
        fasterGateway(readGatewayFile(file).value, pace?.speed ?? 1),
        mqttPort,
        simulated.ports,
      ),
    )
    const startGateway = ({ id, file }: (typeof gateways)[number]): Child =>
      start(id, ['edge', ...flags({ config: file, data: folder.file('gateways', id) }), ...paced])
    const agents = gateways.map((gateway) => ({
      id: gateway.id,
      ...startPowered(() => startGateway(gateway)),
    }))
    meters.heard('gateway-power', ({ gateway, on }) => {
      if (lifetime.signal.aborted) return
      steps.title(`网关 gateway ${gateway}: ${on ? '恢复供电 power is back' : '断电 power is cut'}`)
      agents.find(({ id }) => id === gateway)?.power(on)
    })

    const served = await server.told('ready')
    folder.describe(served.url)
    steps.done('消息代理、存储、页面 broker, store and pages')
    await Promise.all(agents.map(({ child }) => child().told('ready')))
    steps.done(`网关 gateways ${gateways.map(({ id }) => id).join(', ')}`)
    await server.told('first-values')
    steps.done('首批实时值 first live values')
    const { controlUrl = '' } = simulated
    const { firstLink } = served
    const welcome = firstLink === undefined ? '' : `  管理员 administrator  ${firstLink}\n`
    steps.title(
      `\n  打开 open  ${served.url}\n${welcome}  故障与真值 faults and truth  ${controlUrl}\n  Ctrl-C 停止全部 stops everything.\n`,
    )

    const months = given['history-months']
    const past = { folder, parkFile, scenarioFile, gatewayFiles, start, months, nowMs: startMs }
    void fillPast(past, lifetime.signal).catch((error: unknown) => {
      const why = error instanceof Fault ? faultText(error) : String(error)
      if (!lifetime.signal.aborted) steps.title(`历史数据未完成 the history is not complete: ${why}`)
    })

    let restarts = 0
    const keepAlive = ({ id, keepAlive }: (typeof agents)[number]): Promise<never> =>
      keepAlive((how) => {
        if (lifetime.signal.aborted || restarts >= RESTARTS_MAX) return false
        restarts += 1
        steps.title(`网关 gateway ${id} ended (${how}): starting it again`)
        return true
      })
    const lost = Promise.race(
      [meters, server].map(async (child) => `${child.name} ended (${await child.ended})`),
    )
    const what = await Promise.race([lost, ...agents.map(keepAlive)])
    if (lifetime.signal.aborted) return
    steps.title(`${what}; the logs are in ${folder.file('log')}`)
    process.exitCode = 1
  }
  try {
    await Promise.race([lifetime.ended, run()])
    steps.title('正在停止 stopping …')
  } finally {
    // Gateways first: what they have read is then journaled, delivered or kept for the next start.
    for (let child = children.shift(); child !== undefined; child = children.shift()) await child.stop()
    folder.release()
    steps.done('已全部停止 everything stopped')
  }
})

/** The port that the embedded broker got. */
function mqttPortOf({ ports }: { readonly ports: Readonly<Record<string, number>> }): number {
  const { mqtt } = ports
  if (mqtt === undefined) throw new Error('serve did not say at which port its broker listens')
  return mqtt
}

/** Options as arguments: { port: 1 } is --port 1, and true stands alone. */
function flags(values: Readonly<Record<string, string | number | true>>): string[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, String(value)],
  )
}

/** Beside a gateway's file, as the gateway file names it. */
const CREDENTIALS = 'credentials.yaml'

/** A password of this run for a gateway: its hash for the server, itself for the gateway. */
async function writeCredentials(folder: DataFolder, gateway: string): Promise<void> {
  const password = await giveSecret(accessFolderIn(folder.file('server')), gateway, 'gateway')
  mkdirSync(folder.file('gateways', gateway), { recursive: true })
  const file = folder.file('gateways', gateway, CREDENTIALS)
  writeFileSync(file, stringify({ username: gateway, password }), { mode: 0o600 })
}

/** The gateway file of this run: that of the example, with the ports that are really used. */
function writeGateway(
  folder: DataFolder,
  gateway: GatewayFile,
  mqttPort: number,
  modbusPorts: Readonly<Record<string, number>>,
): { id: string; file: string } {
  const id = gateway.gateway
  mkdirSync(folder.file('gateways', id), { recursive: true })
  const file = folder.file('gateways', id, 'gateway.yaml')
  const effective: GatewayFile = {
    ...gateway,
    uplink: { ...gateway.uplink, url: `mqtt://127.0.0.1:${mqttPort}`, credentialsFile: CREDENTIALS },
    buses: gateway.buses.map((bus) => ({
      ...bus,
      transport:
        bus.transport.kind === 'rtu'
          ? bus.transport
          : { ...bus.transport, port: modbusPorts[`${id}/${bus.id}`] ?? bus.transport.port },
    })),
  }
  writeFileSync(file, stringify(effective))
  return { id, file }
}

/** What a person sees in the terminal while the demo starts. */
class Steps {
  readonly #startedMs = performance.now()

  title(line: string): void {
    console.log(line)
  }

  done(line: string): void {
    const seconds = ((performance.now() - this.#startedMs) / 1_000).toFixed(1)
    console.log(`  ✓ ${line}  ${seconds} s`)
  }
}
