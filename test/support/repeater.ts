import { createHash } from 'node:crypto'
import { connectAsync } from 'mqtt'
import { filterOf } from '#contract/topics.ts'
import type { SeededRandom } from '#edge/testing/seeded-random.ts'

/**
 * A client of the broker that hears what gateways publish and says it again: doubled, in another order, cut short, or in
 * a flood. To the server it cannot be told from the gateways.
 */
export interface Repeater {
  /** The newest messages, each twice, in any order. Resolves with how many were sent. */
  repeat(): Promise<number>
  /** Some of them cut short, so that no gateway has ever sent such bytes. */
  truncate(): Promise<number>
  /** As many messages of one gateway as the broker takes. */
  flood(gateway: string, count: number): Promise<void>
  /** SHA-256 of everything that was cut short. */
  readonly truncated: ReadonlySet<string>
  stop(): Promise<void>
}

interface Heard {
  readonly topic: string
  readonly payload: Buffer
}

const KEPT = 300
const AT_ONCE = 40

const digestOf = (payload: Buffer): string => createHash('sha256').update(payload).digest('hex')

export async function startRepeater(url: string, park: string, random: SeededRandom): Promise<Repeater> {
  const client = await connectAsync(url, { clientId: 'repeater', reconnectPeriod: 200, clean: true })
  const heard: Heard[] = []
  const own = new Set<string>()
  const truncated = new Set<string>()
  client.on('error', () => {})
  client.on('message', (topic, payload, { retain }) => {
    if (retain || own.has(digestOf(payload))) return
    heard.push({ topic, payload })
    if (heard.length > KEPT) heard.shift()
  })
  const filters = (['live', 'backlog'] as const).map((leaf) => filterOf(park, leaf))
  await client.subscribeAsync(filters, { qos: 1 })

  const send = async ({ topic, payload }: Heard): Promise<void> => {
    await client.publishAsync(topic, payload, { qos: 1 })
  }
  return {
    truncated,
    repeat: async () => {
      const newest = heard.slice(-AT_ONCE)
      const doubled = [...newest, ...newest]
        .map((message) => ({ message, place: random.next() }))
        .toSorted((a, b) => a.place - b.place)
      await Promise.all(doubled.map(({ message }) => send(message)))
      return doubled.length
    },
    truncate: async () => {
      const cut = heard.slice(-5).map(({ topic, payload }) => ({
        topic,
        payload: payload.subarray(0, random.between(1, payload.length - 1)),
      }))
      for (const { payload } of cut) {
        own.add(digestOf(payload))
        truncated.add(digestOf(payload))
      }
      await Promise.all(cut.map(send))
      return cut.length
    },
    flood: async (gateway, count) => {
      const of = heard.filter(({ topic }) => topic.includes(`/${gateway}/`))
      for (let sent = 0; sent < count && of.length > 0; sent += 100) {
        await Promise.all(Array.from({ length: 100 }, () => send(random.of(of))))
      }
    },
    stop: () => client.endAsync(true),
  }
}
