import { timingSafeEqual } from 'node:crypto'
import { TLSSocket } from 'node:tls'
import type { Park } from '#contract/park.ts'
import type { Access } from './access.ts'
import type { Identity } from './rights.ts'
import type { SecretCheck } from './secret.ts'

/** What a client shows of itself when it connects. */
export interface Shown {
  readonly clientId: string
  readonly username: string | undefined
  readonly password: Uint8Array | undefined
  readonly connection: unknown
}

export interface Credentials {
  readonly username: string
  readonly password: string
}

export interface AuthenticationOptions {
  readonly park: Park
  /** Of our own processes. */
  readonly own: Credentials
  readonly access: Access | undefined
  readonly check: SecretCheck
  /** True where a gateway may be known by its client id alone: on the loopback, while nobody has a secret. */
  readonly isOpen: () => boolean
}

/** On what somebody was let in: `own` is known for good, the others may be taken away while it is connected. */
export type Grounds =
  | { readonly by: 'own' | 'certificate' | 'client-id' }
  | { readonly by: 'secret'; readonly username: string; readonly hash: string }

/** True while somebody would still be let in on the grounds on which it was. */
export function stillHolds(grounds: Grounds, { access, isOpen }: AuthenticationOptions): boolean {
  if (grounds.by === 'client-id') return isOpen()
  return grounds.by !== 'secret' || access?.find(grounds.username)?.secret === grounds.hash
}

export type Authenticated =
  | { readonly identity: Identity; readonly grounds: Grounds }
  | { readonly refused: string; readonly isBusy?: boolean }

/**
 * The names that a client's certificate bears, and whether one of our authorities signed it; undefined where the client
 * showed none.
 */
function certificateOf(
  connection: unknown,
): { readonly names: readonly string[]; readonly isTrusted: boolean } | undefined {
  if (!(connection instanceof TLSSocket)) return undefined
  const certificate = connection.getPeerX509Certificate()
  if (certificate === undefined) return undefined
  const common = /^CN=(.*)$/m.exec(certificate.subject)?.[1]
  const alternatives = (certificate.subjectAltName ?? '').split(', ').flatMap((entry) => {
    const name = /^DNS:(.*)$/.exec(entry)?.[1]
    return name === undefined ? [] : [name]
  })
  return {
    names: common === undefined ? alternatives : [common, ...alternatives],
    isTrusted: connection.authorized,
  }
}

function isPassword(given: Uint8Array | undefined, expected: string): boolean {
  const bytes = Buffer.from(expected)
  return given !== undefined && given.length === bytes.length && timingSafeEqual(given, bytes)
}

/**
 * Who is it? Our own process by its password; a gateway by a certificate that bears its id, or by its secret; an
 * operator by a secret. A gateway's client id is its id in every case.
 */
export async function authenticate(shown: Shown, options: AuthenticationOptions): Promise<Authenticated> {
  const { park, own, access, check } = options
  const { clientId, username, password } = shown
  const isGateway = park.gateways.has(clientId)
  if (username === own.username) {
    if (isGateway || !isPassword(password, own.password)) return { refused: 'wrong server credentials' }
    return { identity: { kind: 'server' }, grounds: { by: 'own' } }
  }
  const certificate = certificateOf(shown.connection)
  if (certificate !== undefined) {
    if (!certificate.isTrusted) return { refused: 'its certificate is not one that is trusted here' }
    if (!isGateway) return { refused: 'the park has no such gateway' }
    if (!certificate.names.includes(clientId)) return { refused: 'its certificate is that of another' }
    return { identity: { kind: 'gateway', gateway: clientId }, grounds: { by: 'certificate' } }
  }
  if (options.isOpen()) {
    if (!isGateway) return { refused: 'the park has no such gateway' }
    return { identity: { kind: 'gateway', gateway: clientId }, grounds: { by: 'client-id' } }
  }
  if (access === undefined || username === undefined || password === undefined)
    return { refused: 'it shows neither a password nor a certificate' }
  const entry = access.find(username)
  const isRight = entry === undefined ? false : await check(password, entry.secret)
  if (isRight === 'busy') return { refused: 'too many connect at once', isBusy: true }
  if (entry === undefined || !isRight) return { refused: 'wrong username or password' }
  const grounds: Grounds = { by: 'secret', username, hash: entry.secret }
  if (entry.kind === 'operator') {
    if (isGateway) return { refused: 'an operator may not take the client id of a gateway' }
    return { identity: { kind: 'operator', operator: username }, grounds }
  }
  if (username !== clientId || !isGateway)
    return { refused: 'its client id is not the gateway of its password' }
  return { identity: { kind: 'gateway', gateway: clientId }, grounds }
}
