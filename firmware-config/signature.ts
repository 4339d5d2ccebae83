import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { configurationMessage, type ConfigurationMessage } from '#contract/messages.ts'
import { readData } from './document.ts'

/** Ed25519 (RFC 8032) over a configuration, and the keys that a gateway trusts. */

/** What a signature covers. */
export type SignedConfiguration = Pick<ConfigurationMessage, 'park' | 'gateway' | 'version' | 'text'>

/**
 * The bytes that are signed. The first line keeps a signature from being one of anything else; identifiers and the
 * number hold no line feed, so two different configurations never have the same bytes.
 */
function signedBytes({ park, gateway, version, text }: SignedConfiguration): Buffer {
  return Buffer.from(`tanbiao configuration 1\n${park}\n${gateway}\n${version}\n${text}`, 'utf8')
}

const derOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
const digestOf = (key: KeyObject): string => createHash('sha256').update(derOf(key)).digest('hex')

/** A public key as it stands in a trust file: the Base64 of its DER, which is the middle line of its PEM. */
const publicKey = z.string().transform((text, context): KeyObject => {
  try {
    const key = createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' })
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // Said below, with its place in the file.
  }
  context.addIssue({
    code: 'custom',
    message: 'is no Ed25519 public key ("tanbiao configure key" prints it)',
  })
  return z.NEVER
})

const trustFile = z.strictObject({
  keys: z.array(z.strictObject({ name: z.string().min(1).max(100), key: publicKey })).max(32),
})

/** The keys that may sign configurations for a gateway, by their digest. */
export type Trust = ReadonlyMap<string, { readonly name: string; readonly key: KeyObject }>

/** Reads a trust file. Throws `file-unreadable` or `InvalidFile`. */
export function readTrust(file: string): Trust {
  return new Map(readData(trustFile, file).value.keys.map((each) => [digestOf(each.key), each]))
}

/** A new key pair: the private half as PEM, the public one as a trust file takes it. */
export function newSigningKey(): { readonly privatePem: string; readonly publicText: string } {
  const pair = generateKeyPairSync('ed25519')
  return {
    privatePem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    publicText: derOf(pair.publicKey).toString('base64'),
  }
}

/** Reads a private key (PEM). Throws `file-unreadable`, or `file-invalid` for any other than an Ed25519 key. */
export function readSigningKey(file: string): KeyObject {
  let pem: string
  try {
    pem = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('file-unreadable', `${file} cannot be read.`, { place: { file }, cause })
  }
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch (cause) {
    throw new Fault('file-invalid', 'It holds no private key.', { place: { file }, cause })
  }
  throw new Fault('file-invalid', 'It holds a key, but not one of Ed25519.', { place: { file } })
}

/** The message for `down/configuration`. */
export function signConfiguration(content: SignedConfiguration, key: KeyObject): ConfigurationMessage {
  const { park, gateway, version, text } = content
  return configurationMessage.parse({
    v: 1,
    park,
    gateway,
    version,
    text,
    key: digestOf(createPublicKey(key)),
    signature: sign(null, signedBytes(content), key).toString('base64'),
  })
}

/** The name of the trusted key that signed this message. Throws `configuration-untrusted`. */
export function signerOf(message: ConfigurationMessage, trust: Trust): string {
  const trusted = trust.get(message.key)
  if (trusted === undefined) {
    throw new Fault(
      'configuration-untrusted',
      `The key ${message.key.slice(0, 16)}… is none of the ${trust.size} that this gateway trusts.`,
    )
  }
  if (verify(null, signedBytes(message), trusted.key, Buffer.from(message.signature, 'base64')))
    return trusted.name
  throw new Fault(
    'configuration-untrusted',
    `The signature is not one of "${trusted.name}" over this text, version, park and gateway.`,
  )
}
