import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { Fault, type FaultCode } from '#contract/fault.ts'
import { faultBody } from './shapes.ts'

const statusByCode: Partial<Record<FaultCode, number>> = {
  'not-found': 404,
  'request-invalid': 400,
  'sign-in-needed': 401,
  'sign-in-refused': 401,
  'not-allowed': 403,
  'link-ended': 410,
  'name-taken': 409,
  'too-many-requests': 429,
  // RFC 9110 §15.5.20: not a server for that host.
  'host-unknown': 421,
  'sign-in-unavailable': 503,
  'viewers-full': 503,
  'font-missing': 501,
  'configuration-outdated': 409,
  'closing-untrusted': 409,
  'gap-closed': 409,
  'quarantine-closed': 409,
  'quarantine-refused': 409,
  'alarm-acknowledged': 409,
  'entry-invalid': 409,
  'month-closed': 409,
  'certificate-used': 409,
  'correction-invalid': 409,
  // What was entered, or the plan, leaves no figure: nothing is wrong with the server.
  'factor-missing': 422,
  'factor-ambiguous': 422,
  'unit-mismatch': 422,
  'record-refused': 422,
  'steam-state-invalid': 422,
  'broker-unavailable': 503,
  'store-unavailable': 503,
  'books-unusable': 503,
}

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
  const status = statusByCode[fault.code] ?? 500
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
