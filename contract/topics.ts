import type { GatewayId, ParkId } from './identity.ts'

/**
 * Every MQTT topic of the system is built and parsed here and nowhere else:
 *
 *   tanbiao/v1/{park}/{gateway}/up/{live|backlog|state|reply}     gateway → server
 *   tanbiao/v1/{park}/{gateway}/down/{receipt|command|configuration}   server → gateway
 *
 * A gateway publishes below its own `up` and subscribes below its own `down` only.
 * live and backlog carry the same messages; the lane only tells ingest what to take first.
 * state is retained, and is also the gateway's will. configuration is retained too.
 */
const ROOT = 'tanbiao/v1'

export const upLeaves = ['live', 'backlog', 'state', 'reply'] as const
export const downLeaves = ['receipt', 'command', 'configuration'] as const
export type UpLeaf = (typeof upLeaves)[number]
export type DownLeaf = (typeof downLeaves)[number]

export interface Topic {
  readonly park: ParkId
  readonly gateway: GatewayId
  readonly leaf: UpLeaf | DownLeaf
}

const isUpLeaf = (leaf: string): leaf is UpLeaf => upLeaves.some((each) => each === leaf)
const isDownLeaf = (leaf: string): leaf is DownLeaf => downLeaves.some((each) => each === leaf)

/** The topic of one gateway's stream. */
export function topicOf(topic: Topic): string {
  const direction = isUpLeaf(topic.leaf) ? 'up' : 'down'
  return `${ROOT}/${topic.park}/${topic.gateway}/${direction}/${topic.leaf}`
}

/** A filter for one leaf of every gateway of a park. */
export function filterOf(park: ParkId, leaf: UpLeaf | DownLeaf): string {
  return topicOf({ park, gateway: '+', leaf })
}

/** Takes a topic apart; `undefined` for one that is not ours. */
export function parseTopic(text: string): Topic | undefined {
  const [root, version, park, gateway, direction, leaf, ...rest] = text.split('/')
  if (`${root}/${version}` !== ROOT || rest.length > 0) return undefined
  if (park === undefined || gateway === undefined || leaf === undefined || park === '' || gateway === '')
    return undefined
  if (direction === 'up' && isUpLeaf(leaf)) return { park, gateway, leaf }
  if (direction === 'down' && isDownLeaf(leaf)) return { park, gateway, leaf }
  return undefined
}
