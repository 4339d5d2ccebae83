import fastify, { type FastifyError } from 'fastify'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import type { Control } from './control.ts'
import { truthNodes, truthRows, truthTable } from './truth-http.ts'

/** The control of a simulation over HTTP, for the loopback: what it may do is on the screen of the same machine anyway. */
export interface ControlServer {
  readonly url: string
  stop(): Promise<void>
}

/** An order has some 200 bytes. */
const BODY_BYTES_MAX = 16_384
const LOOPBACK_NAMES = new Set(['127.0.0.1', 'localhost', '[::1]'])

const named = z.object({ id: z.string().max(100) })
const logQuery = z.object({ after: z.coerce.number().int().min(0).default(0) })

const statusOf = ({ code }: Fault): number => (code === 'not-simulated' ? 404 : 400)

/** Opens the port on the loopback; 0 for any free one. Throws `port-taken`. */
export async function startControlServer(control: Control, port: number): Promise<ControlServer> {
  const app = fastify({ bodyLimit: BODY_BYTES_MAX })
  // A page of elsewhere can send a form or plain text to the loopback without being asked; JSON it cannot.
  app.removeContentTypeParser('text/plain')
  app.addHook('onRequest', async (request) => {
    if (LOOPBACK_NAMES.has(request.hostname.replace(/:\d+$/, ''))) return
    throw new Fault('request-invalid', `"${request.hostname}" is no name of this machine's loopback.`)
  })
  app.setErrorHandler(async (error: FastifyError | Fault, _request, reply) => {
    const status = error instanceof Fault ? statusOf(error) : (error.statusCode ?? 500)
    const { code, message } = error
    await reply
      .status(status)
      .send(error instanceof Fault ? { code, message, advice: error.advice } : { code, message })
  })
  app.get('/meters', async () => control.meters())
  app.get('/meters/:id', async ({ params }) => control.show(named.parse(params).id))
  app.get('/lines', async () => control.lines())
  app.get('/kinds', async () => control.kinds())
  app.get('/faults', async () => control.active())
  app.post('/faults', async ({ body }, reply) => reply.status(201).send(control.inject(body)))
  app.delete('/faults/:id', async ({ params }) => control.end(named.parse(params).id))
  app.get('/truth', async () => truthNodes(control.truth))
  app.get('/truth/:id', async ({ params, query }) => truthRows(control.truth, named.parse(params).id, query))
  app.get('/truth.csv', async ({ query }, reply) =>
    reply.type('text/csv').send(truthTable(control.truth, query)),
  )
  app.get('/log', async ({ query }) => {
    const parsed = logQuery.safeParse(query)
    if (!parsed.success) throw new Fault('request-invalid', 'after: an instant in UTC milliseconds')
    return control.log().filter(({ atMs }) => atMs > parsed.data.after)
  })
  try {
    return { url: await app.listen({ host: '127.0.0.1', port }), stop: () => app.close() }
  } catch (cause) {
    await app.close()
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE')) throw cause
    throw new Fault('port-taken', `127.0.0.1:${port} is in use.`, { cause })
  }
}
