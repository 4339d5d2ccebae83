import { createHash } from 'node:crypto'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { vi } from 'vitest'
import type { CommitRecord } from '#contract/commit.ts'
import type { Period } from '#contract/grid.ts'
import { receiptMessage, receiptsIn, samplesOf, type Receipt, type Sample } from '#contract/messages.ts'
import { indexPark, parkDescription, type Park } from '#contract/park.ts'
import type { Reading } from '#contract/reading.ts'
import { readingsIn, type Readings } from '#contract/sample-block.ts'
import { topicOf, type UpLeaf } from '#contract/topics.ts'
import type { AppendResult, ReadingStore } from '#store/port.ts'
import type { SampleRules } from './sample.ts'

const name = { zh: '表', en: 'meter' }
const installed = '2026-01-01T00:00:00Z'
const electricity = {
  name,
  carrier: 'electricity',
  role: 'boundary',
  register: 'activeEnergyImport.total',
  power: 'activePower.total',
  ratingPerHour: 100,
  installed,
}

/** Two gateways with one electricity meter each; gw-a also reads a heat meter, whose register counts GJ. */
export function testPark(): Park {
  const description = {
    id: 'park-1',
    name,
    gateways: ['gw-a', 'gw-b'].map((id) => ({ id, name })),
    meters: [
      { ...electricity, id: 'meter-a', gateway: 'gw-a' },
      { ...electricity, id: 'meter-b', gateway: 'gw-b' },
      {
        ...electricity,
        id: 'heat-a',
        gateway: 'gw-a',
        carrier: 'heat',
        register: 'heatEnergy',
        power: 'heatPower',
        ratingPerHour: 3.6,
      },
    ],
    sensors: [{ id: 'weather-a', name, gateway: 'gw-a', installed }],
  }
  return indexPark(parkDescription.parse(description))
}

/** A moment at which all meters of the park are there. */
export const T0 = Date.UTC(2026, 5, 1)

/** The rules for samples of gw-a, in a park where the register of meter-a starts again at 1,000 kWh. */
export function wrappingRules(): SampleRules {
  const plain = testPark()
  const wrapsAt = { count: 1_000, resolution: '1' }
  const meters = [...plain.meters].map(
    ([id, meter]) => [id, id === 'meter-a' ? { ...meter, wrapsAt } : meter] as const,
  )
  return { gateway: 'gw-a', park: { ...plain, meters: new Map(meters) }, latestMs: T0 + 60_000 }
}

/** An epoch made of one digit. */
export const epochOf = (digit: string): string => digit.repeat(32)

/** A good sample of an electricity meter. */
export function sampleOf(meter: string, atMs: number, count: number): Sample {
  return {
    meter,
    atMs,
    quality: 'good',
    values: { 'activeEnergyImport.total': [count, '0.01'], 'activePower.total': 42.5 },
  }
}

/** The bytes of a readings batch; `samples` may hold anything. */
export function batchOf(
  gateway: string,
  seq: number,
  samples: readonly unknown[],
  epoch = epochOf('a'),
): Uint8Array {
  return Buffer.from(JSON.stringify({ v: 1, gateway, epoch, seq, kind: 'readings', samples }))
}

export function digestOf(payload: Uint8Array): string {
  return createHash('sha256').update(payload).digest('hex')
}

/** Waits until an expectation holds; a busy machine may take its time. */
export async function eventually(expectation: () => void): Promise<void> {
  await vi.waitFor(expectation, { timeout: 30_000, interval: 20 })
}

type Step = 'append' | 'commits'

/** A reading store in memory, whose steps a test can make fail before or after they took effect. */
export class MemoryStore implements ReadingStore {
  readonly stored = new Map<string, Reading>()
  readonly commits = new Map<string, CommitRecord>()
  /** What happened, in order. */
  readonly steps: string[] = []
  before: (step: Step) => void | Promise<void> = () => {}
  after: (step: Step) => void | Promise<void> = () => {}
  refuse: (reading: Reading) => AppendResult['refused'][number]['fault'] | undefined = () => undefined

  async append(readings: Readings): Promise<AppendResult> {
    await this.before('append')
    const refused: AppendResult['refused'][number][] = []
    for (const [index, reading] of readingsIn(readings).entries()) {
      const fault = this.refuse(reading)
      if (fault !== undefined) refused.push({ index, fault })
      else this.stored.set(`${reading.meter} ${reading.quantity} ${reading.atMs}`, reading)
    }
    this.steps.push(`append ${readings.length}`)
    await this.after('append')
    return { stored: readings.length - refused.length, refused }
  }

  async appendCommits(records: readonly CommitRecord[]): Promise<void> {
    await this.before('commits')
    for (const record of records)
      this.commits.set(
        record.epoch === null ? record.digest : `${record.gateway} ${record.epoch} ${record.seq}`,
        record,
      )
    this.steps.push(`commits ${records.length}`)
    await this.after('commits')
  }

  /** All that is stored, in an order of its own: equal stores give equal contents. */
  contents(): unknown {
    return samplesOf([...this.stored.keys()].sort().flatMap((key) => this.stored.get(key) ?? []))
  }

  commitsSince = async (): Promise<readonly CommitRecord[]> => [...this.commits.values()]
  readings = async (meter: string, quantity: string, { fromMs, toMs }: Period): Promise<readonly Reading[]> =>
    [...this.stored.values()].filter(
      (each) => each.meter === meter && each.quantity === quantity && each.atMs >= fromMs && each.atMs < toMs,
    )
  registerSeries = async (): Promise<never> => Promise.reject(new Error('not asked of ingest'))
  latest = async (): Promise<readonly Reading[]> => []
  probe = async (): Promise<void> => {}
  close = async (): Promise<void> => {}
}

/** How long a test's gateway waits for a receipt before it sends again. */
const RESEND_MS = 300

/** A real MQTT client that behaves as a gateway does: it sends a payload again until its receipt comes. */
export class TestGateway {
  readonly receipts: Receipt[] = []
  readonly client: MqttClient
  readonly #id: string
  readonly #waiting = new Map<string, (receipt: Receipt) => void>()

  private constructor(client: MqttClient, id: string) {
    this.client = client
    this.#id = id
    client.on('error', () => {})
    client.on('message', (_topic, payload) => {
      for (const receipt of receiptsIn(receiptMessage.parse(JSON.parse(payload.toString())))) {
        this.receipts.push(receipt)
        this.#waiting.get(receipt.digest)?.(receipt)
      }
    })
  }

  static async connect(url: string, id: string, options: IClientOptions = {}): Promise<TestGateway> {
    const client = await connectAsync(url, {
      clientId: id,
      protocolVersion: 4,
      reconnectPeriod: 50,
      ...options,
    })
    const gateway = new TestGateway(client, id)
    await client.subscribeAsync(topicOf({ park: 'park-1', gateway: id, leaf: 'receipt' }), { qos: 1 })
    return gateway
  }

  publish(payload: Uint8Array, leaf: UpLeaf = 'live'): void {
    const topic = topicOf({ park: 'park-1', gateway: this.#id, leaf })
    if (this.client.connected) this.client.publish(topic, Buffer.from(payload), { qos: 1 })
  }

  async deliver(payload: Uint8Array, leaf: UpLeaf = 'live'): Promise<Receipt> {
    const answer = Promise.withResolvers<Receipt>()
    const digest = digestOf(payload)
    this.#waiting.set(digest, answer.resolve)
    const send = (): void => this.publish(payload, leaf)
    send()
    const timer = setInterval(send, RESEND_MS)
    try {
      return await answer.promise
    } finally {
      clearInterval(timer)
      this.#waiting.delete(digest)
    }
  }

  async end(): Promise<void> {
    await this.client.endAsync(true)
  }
}
