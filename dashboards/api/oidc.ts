import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Clock } from '#contract/clock.ts'
import { Fault, type FaultCode } from '#contract/fault.ts'
import type { AccessBook, User } from '#store/access-book.ts'
import type { Guard } from '#dashboards/access/guard.ts'
import type { OidcPerson, OidcSignIn } from '#dashboards/access/oidc.ts'
import { open } from '#dashboards/access/route-access.ts'
import type { SignIn } from '#dashboards/access/sign-in.ts'
import { signInWays } from './session-shape.ts'

/** /api/v1/session/oidc: signing in at a provider, and coming back from it. */

/** Kept by the browser while its person is at the provider. Lax: the way back begins at another site. */
const COOKIE = 'tanbiao-oidc'
const COOKIE_SECONDS = 600
const SIGN_INS_A_MINUTE = 60

export interface OidcSources {
  readonly guard: Guard
  readonly signIn: SignIn
  readonly book: AccessBook
  readonly clock: Clock
  /** Without it people sign in here alone. */
  readonly oidc: OidcSignIn | undefined
}

/**
 * The user of a person, as the provider says now; made with the first sign-in. Throws `sign-in-refused` for who is not
 * to be let in, and for a name that a user of ours has already: nobody becomes another one by being called alike.
 */
function userOf(book: AccessBook, { issuer, subject, user }: OidcPerson, nowMs: number): User {
  const known = book.identityOwner(issuer, subject)
  if (user === undefined) {
    if (known !== undefined) book.endAllOf(known.id)
    throw new Fault('sign-in-refused', 'The provider knows this person, but nothing lets them in here.')
  }
  if (known !== undefined) {
    if (!known.active) throw new Fault('sign-in-refused', 'This user is shut out.')
    return book.setRole(known.id, user)
  }
  if (book.userNamed(user.name) !== undefined) {
    throw new Fault('sign-in-refused', `There is a user "${user.name}" of another kind already.`)
  }
  const added = book.addUser(user, nowMs)
  book.addIdentity(issuer, subject, added.id)
  return added
}

export function oidcApi(app: FastifyInstance, { guard, signIn, book, clock, oidc }: OidcSources): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const config = { access: open, rateLimit: { max: SIGN_INS_A_MINUTE, timeWindow: 60_000 } }
  const given = (): OidcSignIn => {
    if (oidc === undefined) throw new Fault('not-found', 'Nobody signs in at a provider here.')
    return oidc
  }
  /** A sign-in is no change by its method, but belongs on record. */
  const note = (request: FastifyRequest, user: string, detail: string): void =>
    book.note({
      atMs: clock.wallMs(),
      user,
      address: request.ip,
      action: 'GET /api/v1/session/oidc/callback',
      detail,
    })
  /** Below whatever path of a proxy the callback lies: the pages are four steps up. */
  const toPages = (reply: FastifyReply, query = ''): FastifyReply =>
    reply.redirect(`../../../../${query}`, 303)

  /** Where the browser goes, or the code of why it cannot. */
  const beginning = async (request: FastifyRequest): Promise<{ url: string; secret: string } | FaultCode> => {
    try {
      return await given().start()
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'sign-in-unavailable') throw error
      request.log.warn({ err: error }, 'the provider of sign-ins does not answer')
      return error.code
    }
  }

  routes.get(
    '/api/v1/session/ways',
    { config: { access: open }, schema: { response: { 200: signInWays } } },
    () => ({ oidc: oidc?.name ?? null }),
  )
  routes.get('/api/v1/session/oidc/start', { config }, async (request, reply) => {
    const begun = await beginning(request)
    if (typeof begun === 'string') return toPages(reply, `?refused=${begun}#/sign-in`)
    const { url, secret } = begun
    return reply
      .setCookie(COOKIE, secret, {
        path: '/',
        httpOnly: true,
        sameSite: 'lax',
        secure: request.protocol === 'https',
        maxAge: COOKIE_SECONDS,
      })
      .redirect(url, 303)
  })
  routes.get('/api/v1/session/oidc/callback', { config }, async (request, reply) => {
    const secret = request.cookies[COOKIE]
    reply.clearCookie(COOKIE, { path: '/' })
    try {
      const query = request.url.split('?')[1] ?? ''
      const person = await given().finish(query, secret)
      const user = userOf(book, person, clock.wallMs())
      const opened = signIn.openFor(user)
      guard.setSession(request, reply, opened)
      note(request, user.name, `303 ${person.issuer} ${person.subject}`)
      return toPages(reply)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      request.log.warn({ err: error }, 'a sign-in at the provider failed')
      note(request, '-', `${error.code} ${error.message}`)
      return toPages(reply, `?refused=${error.code}#/sign-in`)
    }
  })
}
