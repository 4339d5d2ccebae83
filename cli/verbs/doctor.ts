import { join } from 'node:path'
import { z } from 'zod'
import type { StateMessage } from '#contract/messages.ts'
import type { Park } from '#contract/park.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { brokerAccessOf, brokerAccessOptions } from '../broker-options.ts'
import { checkBroker } from '../doctor/broker.ts'
import { checkClock, serverAheadMs, systemSynchronized } from '../doctor/clock.ts'
import { failed, findingText, type Finding } from '../doctor/finding.ts'
import { checkDisk, checkFolder, holderOf } from '../doctor/folder.ts'
import { checkBooks, checkStore } from '../doctor/kept.ts'
import { checkLost } from '../doctor/lost.ts'
import { checkPort } from '../doctor/ports.ts'
import { checkServer } from '../doctor/server.ts'
import { dataOption, jsonOption, port, storeOption, text } from '../options.ts'
import { serverClock, serverFolder } from '../server-folder.ts'
import { systemClock } from '../system-clock.ts'
import { verb } from '../verb.ts'

const options = z.object({
  park: text.meta({ description: 'The park file' }),
  data: dataOption,
  store: storeOption,
  broker: text.default('embedded').meta({ description: 'The broker, as serve takes it (embedded)' }),
  host: text.default('127.0.0.1').meta({ description: 'Address of the pages (127.0.0.1)' }),
  port: port.default(8080).meta({ description: 'Port of the pages (8080)' }),
  'mqtt-host': text.default('127.0.0.1').meta({ description: 'Address of the embedded broker (127.0.0.1)' }),
  'mqtt-port': port.default(1883).meta({ description: 'Port of the embedded broker (1883)' }),
  ...brokerAccessOptions,
  json: jsonOption,
})

type Given = z.output<typeof options>

/** The address at which an InfluxDB tells its time, if the store is one. */
function influxAddress(store: string): URL | undefined {
  const parsed = URL.canParse(store) ? new URL(store) : undefined
  if (parsed === undefined || !/^influx\d:$/.test(parsed.protocol)) return undefined
  const scheme = parsed.searchParams.get('tls') === 'true' ? 'https' : 'http'
  return new URL(`${scheme}://${parsed.hostname}:${parsed.port === '' ? '8086' : parsed.port}/ping`)
}

function parkFound(file: string): { readonly finding: Finding; readonly park: Park | undefined } {
  const check = 'park'
  try {
    const park = readParkFile(file)
    const what = `${file}: ${park.gateways.size} gateways, ${park.meters.size} meters.`
    return { finding: { check, state: 'ok', what }, park }
  } catch (error) {
    return { finding: failed(check, error), park: undefined }
  }
}

function addressOf(url: string | undefined): { host: string; port: number } | undefined {
  if (url === undefined) return undefined
  const { hostname, port } = new URL(url)
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) }
}

/** All checks, one after another: none needs another one to be good. */
async function examine(given: Given): Promise<Finding[]> {
  const { broker } = given
  const data = serverFolder(given.data)
  const nowMs = serverClock(data).wallMs()
  const { finding, park } = parkFound(given.park)
  const found: Finding[] = [finding, checkFolder(data), checkDisk(data)]
  const holder = holderOf(data)
  const store = given.store ?? `sqlite:${join(data, 'readings.sqlite')}`
  const takesWrites = await checkStore(store, nowMs)
  found.push(takesWrites)
  const booksFile = join(data, 'books.sqlite')
  if (takesWrites.state === 'ok') found.push(...(await checkLost(store, booksFile, nowMs)))
  const books = checkBooks(booksFile)
  found.push(...books.findings)
  let states: readonly StateMessage[] = []
  // A running server tells where it listens; the options say where one would.
  const brokerAt = addressOf(holder?.broker) ?? { host: given['mqtt-host'], port: given['mqtt-port'] }
  const isRunning = holder !== undefined
  if (broker === 'embedded') {
    found.push(await checkPort('embedded broker', { ...brokerAt, isRunning }))
  } else if (park !== undefined) {
    const atBroker = await checkBroker(broker, park, brokerAccessOf(broker, given)())
    found.push(...atBroker.findings)
    states = atBroker.states
  }
  if (holder?.url === undefined) {
    found.push(await checkPort('pages', { host: given.host, port: given.port, isRunning }))
  } else found.push(...(await checkServer(holder.url)))
  const address = influxAddress(store)
  found.push(
    ...checkClock({
      nowMs,
      synchronized: systemSynchronized(),
      followedUntilMs: books.followedUntilMs,
      storeAheadMs:
        address === undefined ? undefined : await serverAheadMs(address, () => systemClock.wallMs()),
      gatewaysAheadMs: states.flatMap(({ clock }) => clock?.aheadMs ?? []),
    }),
  )
  return found
}

/** Checks what a server stands on, before it starts or while it runs. Changes nothing. */
export const doctor = verb(
  'Check broker, store, books, clock, disk, park file and ports of a server',
  options,
  async (given) => {
    const findings = await examine(given)
    const faults = findings.filter(({ state }) => state === 'fault').length
    const warnings = findings.filter(({ state }) => state === 'warning').length
    if (given.json)
      console.log(JSON.stringify({ healthy: faults === 0, faults, warnings, findings }, null, 2))
    else {
      for (const finding of findings) console.log(findingText(finding))
      console.log(
        faults === 0 ? `Nothing is wrong; ${warnings} warnings.` : `${faults} faults, ${warnings} warnings.`,
      )
    }
    if (faults > 0) process.exitCode = 1
  },
  { notes: 'Exit code 0 where nothing is wrong (warnings included), 1 otherwise.' },
)
