import rateLimit from '@fastify/rate-limit'
import fastify, { LogController, type FastifyInstance } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { Fault } from '#contract/fault.ts'
import { answerRefusal, refusals } from './api/refusal.ts'
import { hostRule } from './host-names.ts'
import { securityHeaders } from './security-headers.ts'
import type { ServerOptions } from './server-options.ts'

/** The HTTP server without its routes: what it takes of whom, how long it waits, and what every answer says. */

/** Requests of one address: a page asks for a dozen, and a live stream is one. */
const REQUESTS_A_MINUTE = 3_000

/** The time after which a connection on which nothing was said is closed: longer than any answer takes. */
const SILENCE_MS_MAX = 5 * 60_000

/** Connections at once: what strangers hold must leave descriptors for files. */
const CONNECTIONS_MAX = 2_000

/** The time in which a request must have come whole; answers may take longer. */
const REQUEST_MS_MAX = 60_000
/** The time in which each part of the server must have started. */
const PLUGIN_START_MS_MAX = 120_000

function tooMany(): Fault {
  return new Fault('too-many-requests', `More than ${REQUESTS_A_MINUTE} requests in a minute.`)
}

type HttpOptions = Pick<ServerOptions, 'names' | 'trustedProxies' | 'requestMsMax' | 'log'> & {
  readonly host: string
}

/** Every route that is added to it later is under its limits. */
export async function openHttp(options: HttpOptions): Promise<FastifyInstance> {
  const { host, names = [], trustedProxies = [], requestMsMax = REQUEST_MS_MAX, log } = options
  // A live stream would keep its connection open for ever: what is still open when the port closes is cut.
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
    // A machine that is busy with other things may need more than the usual ten seconds; that is no reason not to start.
    pluginTimeout: PLUGIN_START_MS_MAX,
    ...(trustedProxies.length === 0 ? {} : { trustProxy: [...trustedProxies] }),
    // Whoever sends a request a byte at a time holds a connection for so long at most.
    requestTimeout: requestMsMax,
    // The same for the head alone, or Node would take the longer of the two for the whole; looked at twice within it.
    http: {
      requestTimeout: requestMsMax,
      headersTimeout: requestMsMax,
      connectionsCheckingInterval: requestMsMax / 2,
    },
    // And whoever says nothing at all, for this long; live streams speak every ten seconds.
    connectionTimeout: SILENCE_MS_MAX,
    frameworkErrors: (error, request, reply) => answerRefusal(error, request, reply),
  })
  app.server.maxConnections = CONNECTIONS_MAX
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  const isOurs = hostRule(host, names)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders)
    if (!isOurs(request.host)) {
      throw new Fault('host-unknown', `This server is not "${request.host.slice(0, 200)}".`)
    }
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store')
  })
  refusals(app)
  await app.register(rateLimit, { max: REQUESTS_A_MINUTE, timeWindow: 60_000, errorResponseBuilder: tooMany })
  // The library looks at routes alone; what is no route costs as much to refuse.
  const limitUnknown = app.rateLimit()
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) await limitUnknown.call(app, request, reply)
  })
  return app
}
