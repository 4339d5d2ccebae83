import { connectAsync, type MqttClient } from 'mqtt'
import { z } from 'zod'
import { Fault, type FaultCode } from '#contract/fault.ts'
import { stateMessage, type ConfigurationMessage, type ConfigurationState } from '#contract/messages.ts'
import { topicOf } from '#contract/topics.ts'
import { digestOf } from '#edge/configuration-file.ts'
import { connectionFault } from '#edge/connection.ts'
import { configurationIn } from '#edge/remote-configuration.ts'
import { brokerAccessOf, brokerAccessOptions } from '../broker-options.ts'
import { readText } from '../read-text.ts'
import { text } from '../options.ts'
import { verb } from '../verb.ts'

const options = z.object({
  message: text.meta({ description: 'File with what "configure sign" printed' }),
  broker: z
    .url({ protocol: /^mqtts?$/ })
    .meta({ description: 'The broker, e.g. mqtts://broker.example:8883' }),
  ...brokerAccessOptions,
  wait: z.coerce.number().min(0).max(86_400).default(180).meta({
    description: 'Seconds to wait for the gateway’s report (180); 0 only publishes',
  }),
})

type Given = z.output<typeof options>

async function connected(given: Given): Promise<MqttClient> {
  const { broker } = given
  const access = brokerAccessOf(broker, given)()
  try {
    // A first connection that fails is the end: a person waits for it.
    return await connectAsync(broker, { ...access, reconnectPeriod: 1_000 }, false)
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause))
    throw new Fault(connectionFault(error), `No connection: ${error.message || 'none'}.`, {
      place: { path: broker },
      cause,
    })
  }
}

/** What a state message says of this configuration: in words, as the end of it or on the way there. */
function verdictOf(
  state: ConfigurationState,
  { version, text }: ConfigurationMessage,
): { readonly words?: string; readonly done?: true; readonly fault?: Fault } {
  const digest = digestOf(text)
  const isIt = (of: { version?: number | undefined; digest: string }): boolean =>
    of.version === version && of.digest === digest
  if (isIt(state)) {
    if (state.state === 'probation') return { words: 'applied, in its probation' }
    const { needsRestart = [] } = state
    const later = needsRestart.length === 0 ? '' : `; ${needsRestart.join(', ')} from the next start on`
    return { words: `confirmed${later}`, done: true }
  }
  const { failed } = state
  if (failed === undefined || failed.version !== version) return {}
  const code: FaultCode = failed.state === 'refused' ? 'configuration-refused' : 'configuration-rolled-back'
  // A message that came damaged has another digest, and is meant all the same.
  return { fault: new Fault(code, `The gateway says: ${failed.error}`) }
}

/** Publishes a signed configuration, retained, and follows what the gateway makes of it. */
async function publish(given: Given): Promise<void> {
  const message = configurationIn(Buffer.from(readText(given.message)))
  const { park, gateway, version } = message
  const client = await connected(given)
  const report = Promise.withResolvers<void>()
  // It may be rejected before anyone waits for it.
  report.promise.catch(() => undefined)
  let said = ''
  let formerMs: number | undefined
  const hear = (payload: Uint8Array, retained: boolean): void => {
    const parsed = stateMessage.safeParse(parsedJson(payload))
    if (!parsed.success || parsed.data.configuration === undefined) return
    const { failed } = parsed.data.configuration
    // A refusal from before may have lost its reason; what was rolled back is not tried again.
    if (retained && failed?.state === 'refused') formerMs = failed.atMs
    if (failed !== undefined && failed.atMs === formerMs) return
    const { words = '', done, fault } = verdictOf(parsed.data.configuration, message)
    if (words !== '' && words !== said) console.log(`${gateway}: version ${version} is ${words}`)
    said = words
    if (fault !== undefined) report.reject(fault)
    else if (done === true) report.resolve()
  }
  let timer: NodeJS.Timeout | undefined
  try {
    client.on('message', (_topic, payload, { retain }) => hear(payload, retain))
    if (given.wait > 0) await client.subscribeAsync(topicOf({ park, gateway, leaf: 'state' }), { qos: 1 })
    await client.publishAsync(topicOf({ park, gateway, leaf: 'configuration' }), JSON.stringify(message), {
      qos: 1,
      retain: true,
    })
    console.log(`${gateway}: version ${version} is at the broker`)
    if (given.wait === 0) return
    timer = setTimeout(() => {
      report.reject(
        new Fault('gateway-silent', `${gateway} has not reported on version ${version} for ${given.wait} s.`),
      )
    }, given.wait * 1_000)
    await report.promise
  } finally {
    clearTimeout(timer)
    await client.endAsync(true)
  }
}

function parsedJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload))
  } catch {
    // No state message: the schema says so to the caller.
    return undefined
  }
}

export const configurePublish = verb(
  'Publish a signed configuration and wait for the gateway’s report',
  options,
  publish,
)
