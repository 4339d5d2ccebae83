import type { Park } from '#contract/park.ts'
import { parseTopic, upLeaves, type Topic } from '#contract/topics.ts'

/** Who is at the other end of a connection: a gateway of the park, or a process of our own. */
export type Identity = { readonly kind: 'gateway'; readonly gateway: string } | { readonly kind: 'server' }

function isUp(topic: Topic): boolean {
  return upLeaves.some((leaf) => leaf === topic.leaf)
}

/**
 * May it publish there? A gateway only below its own `up`, and retained only its state; the server only below the
 * `down` of the park's gateways. Everything else, `$SYS` too, is denied. A will is a publish.
 */
export function mayPublish(identity: Identity, topicText: string, retain: boolean, park: Park): boolean {
  const topic = parseTopic(topicText)
  if (topic === undefined || topic.park !== park.description.id || !park.gateways.has(topic.gateway))
    return false
  if (identity.kind === 'server') return !isUp(topic)
  return isUp(topic) && topic.gateway === identity.gateway && (!retain || topic.leaf === 'state')
}

/** May it subscribe to that? A gateway only below its own `down`; the server below the `up` of one gateway or all. */
export function maySubscribe(identity: Identity, filter: string, park: Park): boolean {
  // A wildcard at the end stands for any leaf of its direction.
  const leaf = identity.kind === 'server' ? '/live' : '/receipt'
  const topic = parseTopic(filter.replace(/\/[+#]$/, leaf))
  if (topic === undefined || topic.park !== park.description.id) return false
  if (identity.kind === 'gateway') return !isUp(topic) && topic.gateway === identity.gateway
  return isUp(topic) && (topic.gateway === '+' || park.gateways.has(topic.gateway))
}
