import { isIP } from 'node:net'
import cookie from '@fastify/cookie'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { accessKinds, type Role } from '#contract/access.ts'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import type { AccessBook } from '#store/access-book.ts'
import { recordChanges } from './audit.ts'
import { FairShare } from './fair-share.ts'
import { open, unsaid, type RouteAccess } from './route-access.ts'
import { changeTokenOf, digestOf, isSameSecret } from './secrets.ts'
import { SESSION_IDLE_MS, type Origin, type SignedIn, type SignIn } from './sign-in.ts'
import { viewerMay, type Viewer } from './viewer.ts'

/** Stands at the door of every route: who asks, and may they? */

const COOKIE = 'tanbiao-session'
/** Outlives the session: by it a person's own browser is known to itself (access/attempts.ts). */
const DEVICE_COOKIE = 'tanbiao-device'
const DEVICE_SECONDS = 180 * 24 * 3_600
/** The header in which a page of ours repeats the session's change token, which no other site can know. */
export const CHANGE_HEADER = 'x-tanbiao-change'

export interface GuardOptions {
  readonly book: AccessBook
  readonly signIn: SignIn
  readonly clock: Clock
  /** Role of anybody on this machine who is not signed in; undefined: none. */
  readonly open: Role | undefined
}

/** A route and what it asks of its viewer. */
export interface GuardedRoute {
  readonly method: string
  readonly url: string
  readonly access: RouteAccess
}

export interface Guard {
  /** All routes registered so far. */
  readonly routes: readonly GuardedRoute[]
  /** Throws `sign-in-needed` where nobody is known behind the request. */
  viewerOf(request: FastifyRequest): Viewer
  /** Undefined where nobody is known. */
  knownViewer(request: FastifyRequest): Viewer | undefined
  /** True while whoever asked would still be let in as the same: a live stream outlasts a session. */
  isStillViewer(request: FastifyRequest): boolean
  /** True for who may hear what is wrong inside: on this machine, or signed in for the whole park. */
  mayHearFaults(request: FastifyRequest): boolean
  /** The secret of the request's session cookie. */
  sessionSecret(request: FastifyRequest): string | undefined
  /** From where somebody signs in by this request. */
  originOf(request: FastifyRequest): Origin
  setSession(request: FastifyRequest, reply: FastifyReply, opened: SignedIn): void
  clearSession(reply: FastifyReply): void
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
}

/** The name of this machine in a browser on it, or one of its loopback addresses. */
function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || (isIP(name) !== 0 && isLoopback(name))
}

/** From this machine, and not through a proxy that others reach. */
function isLocal(request: FastifyRequest): boolean {
  return isLoopback(request.ip) && isLoopbackHost(request.host)
}

/** Pages and their files hold nothing of the park. */
export function accessOf(said: RouteAccess | undefined, method: string, url: string): RouteAccess {
  if (said !== undefined) return said
  return url.startsWith('/api/') || url === '/metrics' ? unsaid(method) : open
}

function accessTo(request: FastifyRequest): RouteAccess {
  const { config, url = request.url } = request.routeOptions
  // Figures of the process are for this machine without further ado.
  if (url === '/metrics' && isLocal(request)) return open
  return accessOf(config.access, request.method, url)
}

function parameter(request: FastifyRequest, name: string): unknown {
  for (const part of [request.params, request.query]) {
    if (typeof part === 'object' && part !== null && name in part) return Reflect.get(part, name)
  }
  return undefined
}

/** Puts the guard before all routes that are registered after it. */
export async function guardRoutes(app: FastifyInstance, options: GuardOptions): Promise<Guard> {
  const { book, signIn, clock } = options
  const viewers = new WeakMap<FastifyRequest, Viewer>()
  const routes: GuardedRoute[] = []
  app.addHook('onRoute', ({ method, url, config }) => {
    for (const each of [method].flat()) {
      routes.push({ method: each, url, access: accessOf(config?.access, each, url) })
    }
  })
  await app.register(cookie)

  const sessionSecret = (request: FastifyRequest): string | undefined => request.cookies[COOKIE]

  function identify(request: FastifyRequest): Viewer | undefined {
    const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (bearer !== undefined) {
      const token = book.token(digestOf(bearer))
      const isValid =
        token?.user.active === true && (token.expiresAtMs === undefined || token.expiresAtMs > clock.wallMs())
      if (!isValid) throw new Fault('sign-in-needed', 'This token is not valid, or no longer.')
      const { user, access, name } = token
      return {
        name: `${user.name} (${name})`,
        how: 'token',
        role: user.role,
        enterprise: user.enterprise,
        access,
      }
    }
    const secret = sessionSecret(request)
    const session = secret === undefined ? undefined : signIn.session(secret)
    if (session !== undefined) {
      const { name, role, enterprise } = session.user
      return { name, how: 'session', role, enterprise, access: accessKinds }
    }
    if (options.open !== undefined && isLocal(request)) {
      return { name: '-', how: 'open', role: options.open, enterprise: undefined, access: ['read'] }
    }
    return undefined
  }

  /** A change that rides on a cookie must come from a page of ours. */
  function checkOrigin(request: FastifyRequest): void {
    const secret = sessionSecret(request)
    const repeated = request.headers[CHANGE_HEADER]
    const isOurs = secret !== undefined && typeof repeated === 'string'
    if (!isOurs || !isSameSecret(repeated, changeTokenOf(secret))) {
      throw new Fault('not-allowed', `A change needs the header ${CHANGE_HEADER} that belongs to its cookie.`)
    }
  }

  app.addHook('onRequest', async (request) => {
    const { needs, within } = accessTo(request)
    const viewer = identify(request)
    if (viewer !== undefined) viewers.set(request, viewer)
    const isChange = request.method !== 'GET' && request.method !== 'HEAD'
    if (isChange && viewer?.how === 'session') checkOrigin(request)
    if (needs === 'nobody') return
    if (viewer === undefined) throw new Fault('sign-in-needed', 'Nobody is signed in.')
    if (!viewerMay(viewer, needs)) {
      throw new Fault('not-allowed', `This needs the right to ${needs}, which ${viewer.role} has not.`)
    }
    if (viewer.enterprise === undefined || within === 'filtered') return
    if (within === 'park' || parameter(request, within.account) !== viewer.enterprise) {
      throw new Fault('not-allowed', `This is not of ${viewer.enterprise}.`)
    }
  })
  const share = new FairShare(clock)
  const underWay = new WeakMap<FastifyRequest, () => void>()
  app.addHook('preHandler', async (request) => {
    const enterprise = viewers.get(request)?.enterprise
    // A stream is never made to its end; it has bounds of its own. A file that is not there comes by here once more.
    if (enterprise === undefined || underWay.has(request) || request.routeOptions.url === '/api/live') return
    underWay.set(request, await share.enter(enterprise))
  })
  app.addHook('preClose', async () => share.stop())
  app.addHook('onSend', async (request) => {
    underWay.get(request)?.()
    underWay.delete(request)
  })
  recordChanges(app, { book, clock, viewerOf: (request) => viewers.get(request) })

  return {
    routes,
    viewerOf: (request) => {
      const viewer = viewers.get(request)
      if (viewer === undefined) throw new Fault('sign-in-needed', 'Nobody is signed in.')
      return viewer
    },
    knownViewer: (request) => viewers.get(request),
    isStillViewer: (request) => {
      try {
        const [now, then] = [identify(request), viewers.get(request)]
        return now?.name === then?.name && now?.role === then?.role && now?.enterprise === then?.enterprise
      } catch (error) {
        if (error instanceof Fault && error.code === 'sign-in-needed') return false
        throw error
      }
    },
    mayHearFaults: (request) => {
      const viewer = viewers.get(request)
      return isLocal(request) || (viewer !== undefined && viewer.enterprise === undefined)
    },
    sessionSecret,
    originOf: (request) => ({ address: request.ip, device: request.cookies[DEVICE_COOKIE] }),
    setSession: (request, reply, { secret, device }) => {
      const kept = {
        path: '/',
        httpOnly: true,
        sameSite: 'strict',
        secure: request.protocol === 'https',
      } as const
      reply.setCookie(COOKIE, secret, { ...kept, maxAge: SESSION_IDLE_MS / 1_000 })
      if (device !== undefined) reply.setCookie(DEVICE_COOKIE, device, { ...kept, maxAge: DEVICE_SECONDS })
    },
    clearSession: (reply) => {
      reply.clearCookie(COOKIE, { path: '/' })
    },
  }
}
