import { existsSync } from 'node:fs'
import { Fault } from '#contract/fault.ts'
import { configurationMessage, type ConfigurationMessage } from '#contract/messages.ts'
import { readTrust, signerOf } from '#firmware-config/signature.ts'
import { digestOf, type ConfigurationMemory } from './configuration-file.ts'

/** JSON may write a character of the text in six bytes, and a character of UTF-8 may take four. */
const PAYLOAD_BYTES_MAX = 8 * 1024 * 1024

/** The message in a payload of `down/configuration`. Throws `message-invalid`. */
export function configurationIn(payload: Uint8Array): ConfigurationMessage {
  if (payload.length > PAYLOAD_BYTES_MAX)
    throw new Fault('message-invalid', `A configuration of ${payload.length} bytes is too long.`)
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch (cause) {
    throw new Fault('message-invalid', 'What came as a configuration is not JSON.', { cause })
  }
  const parsed = configurationMessage.safeParse(value)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new Fault('message-invalid', `It is no configuration message: ${issues.slice(0, 5).join('; ')}.`)
}

/** What a message is held against. */
export interface Authority extends Pick<ConfigurationMemory, 'park' | 'gateway' | 'tried'> {
  /** Read anew for each message, so that keys can be added and taken away. */
  readonly trustFile: string
}

/**
 * Lets through what a trusted person signed for this gateway, and nothing that is older than what it has tried.
 * Returns the name of the key. Throws `configuration-untrusted`, `gateway-mismatch`, `configuration-outdated`, or what
 * is wrong with the trust file.
 */
export function authorized(message: ConfigurationMessage, authority: Authority): string {
  const { park, gateway, tried, trustFile } = authority
  if (message.gateway !== gateway || message.park !== park) {
    throw new Fault(
      'gateway-mismatch',
      `It is for the gateway ${message.gateway} of the park ${message.park}; this is ${gateway} of ${park}.`,
    )
  }
  if (!existsSync(trustFile)) {
    throw new Fault(
      'configuration-untrusted',
      `There is no trust file ${trustFile}: this gateway takes configurations from its own file only.`,
    )
  }
  const signer = signerOf(message, readTrust(trustFile))
  if (tried === undefined || message.version > tried.version) return signer
  throw new Fault(
    'configuration-outdated',
    message.version === tried.version
      ? `Version ${message.version} was another text.`
      : `It has version ${message.version}; version ${tried.version} was tried already.`,
  )
}

/** True for the text that was tried under this version already: brokers bring it with each connection. */
export function wasTried(
  { version, text }: ConfigurationMessage,
  tried: ConfigurationMemory['tried'],
): boolean {
  return tried?.version === version && tried.digest === digestOf(text)
}
