import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { accessKinds, newUser } from '#contract/access.ts'
import type { Clock } from '#contract/clock.ts'
import { DAY_MS } from '#contract/duration.ts'
import { Fault } from '#contract/fault.ts'
import type { Park } from '#contract/park.ts'
import type { AccessBook, ApiToken, User } from '#store/access-book.ts'
import type { RouteAccess } from '#dashboards/access/route-access.ts'
import { digestOf, newSecret } from '#dashboards/access/secrets.ts'
import type { SignIn } from '#dashboards/access/sign-in.ts'
import { tokenShape, tokenWithSecret, userShape, userWithLink } from './user-shapes.ts'

const userText = (user: User): z.output<typeof userShape> => ({
  ...user,
  enterprise: user.enterprise ?? null,
})
const tokenText = ({ user, expiresAtMs, ...token }: ApiToken): z.output<typeof tokenShape> => ({
  ...token,
  access: [...token.access],
  user: user.name,
  expiresAtMs: expiresAtMs ?? null,
})

export interface UserSources {
  readonly park: Park
  readonly book: AccessBook
  readonly signIn: SignIn
  readonly clock: Clock
  /** The path that a one-time link leads to, with its secret. */
  readonly linkOf: (secret: string) => string
}

/** /api/v1/users and /api/v1/tokens. */
export function usersApi(app: FastifyInstance, sources: UserSources): void {
  const { park, book, signIn, clock, linkOf } = sources
  const api = app.withTypeProvider<ZodTypeProvider>()
  const administer: RouteAccess = { needs: 'administer', within: 'park' }
  const config = { access: administer }
  const params = z.object({ id: z.coerce.number().int() })
  const userOf = (id: number): User => {
    const user = book.user(id)
    if (user === undefined) throw new Fault('not-found', `There is no user ${id}.`)
    return user
  }

  api.get('/api/v1/users', { config, schema: { response: { 200: z.array(userShape) } } }, () =>
    book.users().map(userText),
  )

  api.post(
    '/api/v1/users',
    { config, schema: { body: newUser, response: { 200: userWithLink } } },
    (request) => {
      const wanted = request.body
      const enterprises = park.description.enterprises.map(({ id }) => id)
      if (wanted.role === 'enterprise-user' && !enterprises.includes(wanted.enterprise)) {
        throw new Fault('request-invalid', `The park has no enterprise "${wanted.enterprise}".`)
      }
      const user = book.addUser(wanted, clock.wallMs())
      return { user: userText(user), link: linkOf(signIn.newLink(user)) }
    },
  )

  api.post(
    '/api/v1/users/:id/link',
    { config, schema: { params, response: { 200: userWithLink } } },
    (request) => {
      const user = userOf(request.params.id)
      return { user: userText(user), link: linkOf(signIn.newLink(user)) }
    },
  )

  api.patch(
    '/api/v1/users/:id',
    {
      config,
      schema: { params, body: z.strictObject({ active: z.boolean() }), response: { 200: userShape } },
    },
    (request) => {
      const user = userOf(request.params.id)
      const others = book
        .users()
        .filter(({ id, role, active }) => id !== user.id && role === 'administrator' && active)
      if (!request.body.active && user.role === 'administrator' && others.length === 0) {
        throw new Fault('request-invalid', 'The last administrator cannot be shut out.')
      }
      book.setActive(user.id, request.body.active)
      return userText(userOf(user.id))
    },
  )

  api.get('/api/v1/tokens', { config, schema: { response: { 200: z.array(tokenShape) } } }, () =>
    book.tokens().map(tokenText),
  )

  api.post(
    '/api/v1/tokens',
    {
      config,
      schema: {
        body: z.strictObject({
          name: z.string().trim().min(1).max(64),
          user: z.int(),
          access: z.array(z.enum(accessKinds)).min(1),
          days: z.int().min(1).max(3_650).optional(),
        }),
        response: { 200: tokenWithSecret },
      },
    },
    (request) => {
      const { name, user, access, days } = request.body
      const nowMs = clock.wallMs()
      const secret = newSecret()
      const owner = userOf(user)
      const expiresAtMs = days === undefined ? undefined : nowMs + days * DAY_MS
      book.addToken(
        digestOf(secret),
        { name, user: owner.id, access: [...new Set(access)] },
        nowMs,
        expiresAtMs,
      )
      const token = book.token(digestOf(secret))
      if (token === undefined) throw new Fault('unexpected-error', 'The token was not kept.')
      return { token: tokenText(token), secret }
    },
  )

  api.delete('/api/v1/tokens/:id', { config, schema: { params } }, (request, reply) => {
    if (!book.endToken(request.params.id)) {
      throw new Fault('not-found', `There is no token ${request.params.id}.`)
    }
    return reply.status(204).send()
  })
}
