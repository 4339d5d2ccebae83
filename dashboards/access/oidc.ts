import type { Configuration } from 'openid-client'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import type { NewUser } from '#contract/access.ts'
import { userOfClaims, type Claims, type OidcSettings } from './oidc-settings.ts'
import { digestOf, newSecret } from './secrets.ts'

/** The authorization code flow of OpenID Connect with PKCE, state and nonce, by the library openid-client. */

/** A person must come back from the provider within this time. */
const PENDING_MS = 10 * 60_000
/** Flows under way that are remembered; beyond it the oldest must begin anew. */
const PENDING_MAX = 1_000
const CALLBACK = 'api/v1/session/oidc/callback'

interface Pending {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly startedMs: number
}

/** Who a provider says somebody is. */
export interface OidcPerson {
  readonly issuer: string
  readonly subject: string
  /** Undefined: known there, but not to be let in here. */
  readonly user: NewUser | undefined
}

export interface OidcParts {
  readonly settings: OidcSettings
  readonly clientSecret: string | undefined
  readonly enterprises: readonly string[]
  readonly clock: Clock
}

const isLoopback = ({ hostname }: URL): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)

export class OidcSignIn {
  readonly #parts: OidcParts
  readonly #pending = new Map<string, Pending>()
  #discovered: Promise<Configuration> | undefined

  /** Throws `argument-invalid` for a provider that would be asked in the open. */
  constructor(parts: OidcParts) {
    this.#parts = parts
    const issuer = new URL(parts.settings.issuer)
    if (issuer.protocol !== 'https:' && !isLoopback(issuer)) {
      throw new Fault('argument-invalid', `${issuer.href} would be asked without encryption.`)
    }
  }

  get name(): OidcSettings['name'] {
    return this.#parts.settings.name
  }

  get #callback(): string {
    const { address } = this.#parts.settings
    return `${address.replace(/\/$/, '')}/${CALLBACK}`
  }

  /** What the provider says of itself; asked for with the first person, and again where that failed. */
  async #configuration(): Promise<Configuration> {
    const { settings, clientSecret } = this.#parts
    const { allowInsecureRequests, discovery, None } = await import('openid-client')
    const issuer = new URL(settings.issuer)
    this.#discovered ??= discovery(
      issuer,
      settings.clientId,
      clientSecret,
      clientSecret === undefined ? None() : undefined,
      { execute: issuer.protocol === 'http:' ? [allowInsecureRequests] : [] },
    )
    try {
      return await this.#discovered
    } catch (cause) {
      this.#discovered = undefined
      throw new Fault('sign-in-unavailable', `${issuer.host} does not answer as a provider.`, { cause })
    }
  }

  /** Begins a flow: where the browser goes, and the secret that it keeps meanwhile. */
  async start(): Promise<{ readonly url: string; readonly secret: string }> {
    const { settings, clock } = this.#parts
    const configuration = await this.#configuration()
    const client = await import('openid-client')
    const [state, nonce, secret] = [client.randomState(), client.randomNonce(), newSecret()]
    const verifier = client.randomPKCECodeVerifier()
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: this.#callback,
      scope: settings.scopes.join(' '),
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    })
    this.#pending.set(digestOf(secret), { state, nonce, verifier, startedMs: clock.monotonicMs() })
    for (const oldest of this.#pending.keys()) {
      if (this.#pending.size <= PENDING_MAX) break
      this.#pending.delete(oldest)
    }
    return { url: url.href, secret }
  }

  /**
   * Ends a flow, once. Throws `sign-in-refused` for one that this browser has not begun, that took too long, or that the
   * provider does not vouch for, and `sign-in-unavailable` where it does not answer.
   * @param query of the callback, as the provider made it
   * @param secret what the browser kept
   */
  async finish(query: string, secret: string | undefined): Promise<OidcPerson> {
    const { settings, enterprises, clock } = this.#parts
    const key = secret === undefined ? '' : digestOf(secret)
    const pending = this.#pending.get(key)
    this.#pending.delete(key)
    if (pending === undefined || clock.monotonicMs() - pending.startedMs > PENDING_MS) {
      throw new Fault('sign-in-refused', 'This sign-in was not begun in this browser, or took too long.')
    }
    const configuration = await this.#configuration()
    const client = await import('openid-client')
    try {
      const tokens = await client.authorizationCodeGrant(
        configuration,
        new URL(`${this.#callback}?${query}`),
        {
          pkceCodeVerifier: pending.verifier,
          expectedState: pending.state,
          expectedNonce: pending.nonce,
          idTokenExpected: true,
        },
      )
      const claims = tokens.claims()
      if (claims === undefined) throw new Error('no identity token')
      // Providers put what a person is into either; what was signed holds.
      const told: Claims =
        configuration.serverMetadata().userinfo_endpoint === undefined
          ? {}
          : await client.fetchUserInfo(configuration, tokens.access_token, claims.sub)
      const user = userOfClaims(settings, { ...told, ...claims }, enterprises)
      return { issuer: claims.iss, subject: claims.sub, user }
    } catch (cause) {
      throw new Fault('sign-in-refused', 'The provider does not vouch for this sign-in.', { cause })
    }
  }
}
