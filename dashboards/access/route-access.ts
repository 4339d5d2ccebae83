import type { Access } from '#contract/access.ts'

/**
 * What a route asks of its viewer. `within` says how far an enterprise user gets: `filtered` routes show each viewer its
 * own park; of `park` routes an enterprise user sees nothing; `{ account }` names the parameter (of path or query) that
 * must be the viewer's enterprise. A route under /api that says nothing is for whom `unsaid` says.
 */
export interface RouteAccess {
  readonly needs: Access | 'nobody'
  readonly within: 'filtered' | 'park' | { readonly account: string }
}

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly access?: RouteAccess
  }
}

/** For everybody, signed in or not. */
export const open: RouteAccess = { needs: 'nobody', within: 'filtered' }

/** For all who may read, each its own part. */
export const readOwn: RouteAccess = { needs: 'read', within: 'filtered' }

/** What somebody forgot to say is for few. */
export function unsaid(method: string): RouteAccess {
  return method === 'GET' || method === 'HEAD'
    ? { needs: 'read', within: 'park' }
    : { needs: 'administer', within: 'park' }
}
