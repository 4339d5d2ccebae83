import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { accessKinds } from '#contract/access.ts'
import { Fault } from '#contract/fault.ts'
import type { AccessBook } from '#store/access-book.ts'
import type { Guard } from '#dashboards/access/guard.ts'
import { open } from '#dashboards/access/route-access.ts'
import { changeTokenOf } from '#dashboards/access/secrets.ts'
import type { SignIn } from '#dashboards/access/sign-in.ts'
import { viewerMay } from '#dashboards/access/viewer.ts'
import { PASSWORD_CHARACTERS_MIN, sessionInfo, type SessionInfo } from './session-shape.ts'

/** At most what is hashed at all. */
const newPassword = z.string().min(PASSWORD_CHARACTERS_MIN).max(200)
const password = z.string().max(200)
const secret = z.string().max(200)

export interface SessionSources {
  readonly guard: Guard
  readonly signIn: SignIn
  readonly book: AccessBook
}

/** Attempts to sign in from one address in a minute, right or wrong. */
const SIGN_INS_A_MINUTE = 60

/** /api/v1/session: who asks, signing in and out, passwords. */
export function sessionApi(app: FastifyInstance, { guard, signIn, book }: SessionSources): void {
  const api = app.withTypeProvider<ZodTypeProvider>()
  const config = { access: open }
  const guarded = { ...config, rateLimit: { max: SIGN_INS_A_MINUTE, timeWindow: 60_000 } }
  const response = { 200: sessionInfo }

  const infoOf = (request: FastifyRequest, opened?: string): SessionInfo => {
    const viewer = guard.knownViewer(request)
    const kept = opened ?? (viewer?.how === 'session' ? guard.sessionSecret(request) : undefined)
    const session = opened === undefined ? undefined : signIn.session(opened)
    if (session !== undefined && opened !== undefined) {
      const { name, role, enterprise } = session.user
      const signedIn = { name, how: 'session' as const, role, enterprise, access: accessKinds }
      return {
        user: name,
        how: 'session',
        role,
        enterprise: enterprise ?? null,
        access: accessKinds.filter((access) => viewerMay(signedIn, access)),
        changeToken: changeTokenOf(opened),
      }
    }
    return {
      user: viewer === undefined || viewer.how === 'open' ? null : viewer.name,
      how: viewer?.how ?? null,
      role: viewer?.role ?? null,
      enterprise: viewer?.enterprise ?? null,
      access: viewer === undefined ? [] : accessKinds.filter((access) => viewerMay(viewer, access)),
      changeToken: kept === undefined ? null : changeTokenOf(kept),
    }
  }

  api.get('/api/v1/session', { config, schema: { response } }, (request) => infoOf(request))

  api.post(
    '/api/v1/session',
    { config: guarded, schema: { body: z.strictObject({ name: z.string().max(64), password }), response } },
    async (request, reply) => {
      const { name, password } = request.body
      const opened = await signIn.signIn(name, password, guard.originOf(request))
      guard.setSession(request, reply, opened)
      return infoOf(request, opened.secret)
    },
  )

  api.delete('/api/v1/session', { config }, (request, reply) => {
    const kept = guard.sessionSecret(request)
    if (kept !== undefined) signIn.signOut(kept)
    guard.clearSession(reply)
    return reply.status(204).send()
  })

  api.post(
    '/api/v1/session/link',
    { config: guarded, schema: { body: z.strictObject({ secret, password: newPassword }), response } },
    async (request, reply) => {
      const opened = await signIn.useLink(request.body.secret, request.body.password)
      guard.setSession(request, reply, opened)
      return infoOf(request, opened.secret)
    },
  )

  api.post(
    '/api/v1/session/password',
    {
      config: { access: { needs: 'read', within: 'filtered' }, rateLimit: guarded.rateLimit },
      schema: { body: z.strictObject({ present: password, next: newPassword }), response },
    },
    async (request, reply) => {
      const viewer = guard.viewerOf(request)
      const user = viewer.how === 'session' ? book.userNamed(viewer.name) : undefined
      if (user === undefined) throw new Fault('not-allowed', 'Only a person who signed in has a password.')
      const { present, next } = request.body
      const opened = await signIn.changePassword(user, present, next, guard.originOf(request))
      guard.setSession(request, reply, opened)
      return infoOf(request, opened.secret)
    },
  )
}
