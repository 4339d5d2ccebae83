import type { Park } from '#contract/park.ts'
import { parseTopic, upLeaves, type Topic } from '#contract/topics.ts'

/**
 * Who is at the other end of a connection: a gateway of the park, a process of our own, or a person's program that
 * publishes signed configurations.
 */
export type Identity =
  | { readonly kind: 'gateway'; readonly gateway: string }
  | { readonly kind: 'server' }
  | { readonly kind: 'operator'; readonly operator: string }

/** True when both are the same gateway, operator or server. */
export function isSame(a: Identity, b: Identity): boolean {
  if (a.kind === 'gateway') return b.kind === 'gateway' && a.gateway === b.gateway
  if (a.kind === 'operator') return b.kind === 'operator' && a.operator === b.operator
  return b.kind === 'server'
}

function isUp(topic: Topic): boolean {
  return upLeaves.some((leaf) => leaf === topic.leaf)
}

/**
 * May it publish there? A gateway only below its own `up`, and retained only its state; the server only below the
 * `down` of the park's gateways; an operator only configurations, which gateways trust for their signature alone.
 * Everything else, `$SYS` too, is denied. A will is a publish.
 */
export function mayPublish(identity: Identity, topicText: string, retain: boolean, park: Park): boolean {
  const topic = parseTopic(topicText)
  if (topic === undefined || topic.park !== park.description.id || !park.gateways.has(topic.gateway))
    return false
  if (identity.kind === 'server') return !isUp(topic)
  if (identity.kind === 'operator') return topic.leaf === 'configuration'
  return isUp(topic) && topic.gateway === identity.gateway && (!retain || topic.leaf === 'state')
}

/**
 * May it subscribe to that? A gateway only below its own `down`; the server below the `up` of one gateway or all; an
 * operator to the states of one gateway or all.
 */
export function maySubscribe(identity: Identity, filter: string, park: Park): boolean {
  if (identity.kind === 'operator') {
    const topic = parseTopic(filter)
    return topic?.leaf === 'state' && isOfPark(topic, park)
  }
  // A wildcard at the end stands for any leaf of its direction.
  const leaf = identity.kind === 'server' ? '/live' : '/receipt'
  const topic = parseTopic(filter.replace(/\/[+#]$/, leaf))
  if (topic === undefined || topic.park !== park.description.id) return false
  if (identity.kind === 'gateway') return !isUp(topic) && topic.gateway === identity.gateway
  return isUp(topic) && isOfPark(topic, park)
}

/** A topic of one gateway of the park, or a filter for all. */
function isOfPark(topic: Topic, park: Park): boolean {
  return topic.park === park.description.id && (topic.gateway === '+' || park.gateways.has(topic.gateway))
}
