import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { Fault } from '#contract/fault.ts'
import { statusOf } from './refusal-status.ts'
import { faultBody } from './shapes.ts'

function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error
  if (hasZodFastifySchemaValidationErrors(error)) {
    const parts = error.validation.map(({ instancePath, message }) => `${instancePath || '/'}: ${message}`)
    return new Fault('request-invalid', parts.join('; '), { cause: error })
  }
  if (error instanceof Error && 'statusCode' in error && Number(error.statusCode) < 500) {
    return new Fault('request-invalid', error.message, { cause: error })
  }
  return new Fault('unexpected-error', 'The server could not answer.', { cause: error })
}

/** Answers a failure with { code, message, advice }; what lies behind it goes to the log, not to the viewer. */
export function answerRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const fault = faultOf(error)
  const status = statusOf(fault.code)
  if (status >= 500) request.log.error({ err: error, url: request.url }, fault.message)
  const { code, message, advice } = fault
  const body = JSON.stringify(faultBody.parse({ code, message, advice }))
  void reply.status(status).type('application/json; charset=utf-8').serializer(String).send(body)
}

/** Every failure of every address is answered alike. */
export function refusals(app: FastifyInstance): void {
  app.setErrorHandler(answerRefusal)
  app.setNotFoundHandler((request) => {
    throw new Fault('not-found', `There is nothing at ${request.url.slice(0, 200)}.`)
  })
}
