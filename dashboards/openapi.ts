import swagger from '@fastify/swagger'
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify'
import { jsonSchemaTransform } from 'fastify-type-provider-zod'
import { accessOf, CHANGE_HEADER } from './access/guard.ts'
import { open, type RouteAccess } from './access/route-access.ts'
import { summaryOf } from './api/summaries.ts'
import { faultBody } from './api/shapes.ts'
import { withAnswers } from './openapi-answers.ts'

/** The description of the HTTP API that its own routes and schemas give: /api/openapi.json. */

const DESCRIPTION = `What tanbiao knows of a park, as its pages read it.

Times are milliseconds of UTC since 1970 (\`…Ms\`) or days and months of the park's calendar. Energy and money are exact decimals as text. A null is something that is not known; it is never a zero. Every failure is \`{ code, message, advice }\` with a code of docs/faults.md.

A program signs in with a token (\`Authorization: Bearer …\`), a page with the cookie of its session; a change that rides on the cookie repeats the session's change token in the header \`${CHANGE_HEADER}\`.`

const within = (access: RouteAccess): string => {
  if (access.needs === 'nobody') return 'For everybody, signed in or not.'
  const needs = `Needs the right to ${access.needs}.`
  if (access.within === 'filtered') return `${needs} An enterprise user sees its own part.`
  if (access.within === 'park') return `${needs} Not for enterprise users.`
  return `${needs} An enterprise user may ask for its own enterprise only.`
}

const isDescribed = (url: string): boolean =>
  url.startsWith('/api/') || ['/healthz', '/readyz', '/metrics'].includes(url)

/** /api/v1/accounts/… belongs to "accounts", /api/meters/… to "meters". */
const tagOf = (url: string): string => /^\/api\/(?:v1\/)?([\w-]+)/.exec(url)?.[1] ?? 'operations'

function describedSchema(route: RouteOptions, schema: FastifySchema | undefined): FastifySchema {
  const { url, method, config } = route
  const [verb = 'GET'] = [method].flat()
  const access = accessOf(config?.access, verb, url)
  const summary = summaryOf(verb, url)
  const response = typeof schema?.response === 'object' ? schema.response : {}
  return {
    ...schema,
    ...(summary === undefined ? {} : { summary }),
    description: within(access),
    tags: [tagOf(url)],
    security: access.needs === 'nobody' ? [] : [{ token: [] }, { session: [] }],
    response: { ...response, default: faultBody.describe('A refusal or a failure') },
  }
}

/** Describes all routes that are registered after it, and answers /api/openapi.json with that. */
export async function describeRoutes(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'tanbiao', version: '1', description: DESCRIPTION, license: { name: 'Apache-2.0' } },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: 'tanbiao-session' },
        },
      },
    },
    transform: (given) => {
      const { url, schema, route } = given
      if (!isDescribed(url)) return { schema: { hide: true }, url }
      return jsonSchemaTransform({ ...given, schema: describedSchema(route, schema) })
    },
  })
  // The same for everybody and for as long as the server runs.
  let described: object | undefined
  app.get('/api/openapi.json', { config: { access: open } }, () => {
    described ??= withAnswers(app.swagger())
    return described
  })
}
