import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { stateMessage, type StateMessage } from '#contract/messages.ts'
import type { Park } from '#contract/park.ts'
import { withoutPassword } from '#contract/shown-url.ts'
import { filterOf } from '#contract/topics.ts'
import type { Finding } from './finding.ts'

const CONNECT_TIMEOUT_MS = 5_000
/** Retained messages come at once after the subscription. */
const RETAINED_WITHIN_MS = 1_000

export interface BrokerFound {
  readonly findings: readonly Finding[]
  readonly states: readonly StateMessage[]
}

const check = 'broker'

async function connected(url: string, access: IClientOptions): Promise<MqttClient | string> {
  try {
    const options = { ...access, clientId: `tanbiao-doctor-${randomUUID()}`, reconnectPeriod: 0, clean: true }
    return await connectAsync(url, { ...options, connectTimeout: CONNECT_TIMEOUT_MS }, false)
  } catch (error) {
    return error instanceof Error && error.message !== '' ? error.message : 'no answer'
  }
}

/** Whether a broker of others lets us subscribe, and what its gateways last said of themselves. */
export async function checkBroker(url: string, park: Park, access: IClientOptions): Promise<BrokerFound> {
  const shown = withoutPassword(url)
  const client = await connected(url, access)
  if (typeof client === 'string') {
    const advice = 'Start the broker, or correct its address, user and password.'
    return { findings: [{ check, state: 'fault', what: `${shown}: ${client}.`, advice }], states: [] }
  }
  const states = new Map<string, StateMessage>()
  client.on('error', () => {})
  client.on('message', (_topic, payload) => {
    const state = stateMessage.safeParse(jsonOf(payload))
    if (state.success) states.set(state.data.gateway, state.data)
  })
  try {
    const leaves = ['live', 'backlog', 'state'] as const
    const filters = leaves.map((leaf) => filterOf(park.description.id, leaf))
    const granted = await client.subscribeAsync(filters, { qos: 1 })
    const refused = granted.filter(({ qos }) => qos === 128).map(({ topic }) => topic)
    if (refused.length > 0) {
      const what = `${shown} refuses the subscription to ${refused.join(', ')}.`
      const advice = 'Give this user the right to read these topics.'
      return { findings: [{ check, state: 'fault', what, advice }], states: [] }
    }
    await sleep(RETAINED_WITHIN_MS)
  } finally {
    await client.endAsync(true)
  }
  return { findings: [gatewaysFound(shown, [...states.values()], park)], states: [...states.values()] }
}

function gatewaysFound(broker: string, states: readonly StateMessage[], park: Park): Finding {
  const present = new Set(states.filter(({ kind }) => kind !== 'death').map(({ gateway }) => gateway))
  const away = [...park.gateways.keys()].filter((gateway) => !present.has(gateway))
  const what = `${broker} takes subscriptions; ${park.gateways.size - away.length} of ${park.gateways.size} gateways are connected.`
  if (away.length === 0) return { check, state: 'ok', what }
  const shown = away.slice(0, 5).join(', ')
  const advice = `Look at the uplink of ${shown}${away.length > 5 ? ' and others' : ''}.`
  return { check, state: 'warning', what, advice }
}

function jsonOf(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload))
  } catch {
    // Not a state message: the schema says so to the caller.
    return undefined
  }
}
