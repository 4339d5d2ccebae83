import { z } from 'zod'
import { METRICS_CONTENT_TYPE } from '#contract/prometheus.ts'
import { mediaTypes } from './api/report-files.ts'
import { faultBody } from './api/shapes.ts'

/** What the description of the API says of answers that no schema of a route gives: files, streams, nothing, refusals. */

interface Answer {
  readonly status: string
  readonly description: string
  /** Media types; undefined where there is no body. */
  readonly media?: readonly string[]
}

const NOTHING: Answer = { status: '204', description: 'Done' }
const file = (...media: readonly string[]): Answer => ({ status: '200', description: 'The file', media })
const { xlsx, csv, pdf, json } = mediaTypes

const answers: Readonly<Record<string, readonly Answer[]>> = {
  'get /api/openapi.json': [{ status: '200', description: 'This description', media: ['application/json'] }],
  'get /api/live': [{ status: '200', description: 'Events without end', media: ['text/event-stream'] }],
  'get /healthz': [{ status: '200', description: 'It answers', media: ['application/json'] }],
  'get /readyz': [
    { status: '200', description: 'Readings can be taken', media: ['application/json'] },
    { status: '503', description: 'They cannot, and why', media: ['application/json'] },
  ],
  'get /metrics': [{ status: '200', description: 'Prometheus text', media: [METRICS_CONTENT_TYPE] }],
  'get /api/v1/targets/file': [file(xlsx)],
  'get /api/v1/session/oidc/start': [
    { status: '303', description: 'To the provider, or back with what failed' },
  ],
  'get /api/v1/session/oidc/callback': [
    { status: '303', description: 'To the pages, or back with what failed' },
  ],
}

/** What an operation answers beside its schemas. */
function answersOf(method: string, path: string): readonly Answer[] {
  const named = answers[`${method} ${path}`]
  if (named !== undefined) return named
  if (path.includes('/reports/') && path.endsWith('/file')) return [file(xlsx, csv, pdf, json)]
  if (path.endsWith('/file')) return [file(xlsx, csv)]
  if (path.endsWith('/{file}')) return [file(xlsx, pdf, json)]
  return method === 'get' ? [] : [NOTHING]
}

/** Refusals that an operation can answer with, by status. */
const refusals: Readonly<Record<string, string>> = {
  '400': 'A part of the request is wrong; the message names it',
  '401': 'Nobody is signed in, or the token is not valid',
  '403': 'Not allowed for this viewer',
  '404': 'There is no such thing, or not for this viewer',
  '409': 'Somebody else was faster, or it was done already',
  '410': 'A link that was used or is too old',
  '422': 'What was entered, or the accounting plan, leaves no such figure',
  '421': 'A name of a host that is not this server’s',
  '429': 'Too many requests',
  '500': 'The server could not answer',
  '501': 'No font for PDF on this server',
  '503': 'Store, books, broker or provider cannot be reached, or all screens are taken',
}

const parameter = z.looseObject({ in: z.string() })
const operation = z.looseObject({
  parameters: z.array(parameter).optional(),
  requestBody: z.unknown().optional(),
  security: z.array(z.unknown()).optional(),
  responses: z.record(z.string(), z.unknown()),
})
const document = z.looseObject({
  components: z.looseObject({}).optional(),
  paths: z.record(z.string(), z.record(z.string(), operation)),
})

type Operation = z.output<typeof operation>

function refusalsOf(
  method: string,
  path: string,
  { parameters = [], requestBody, security = [] }: Operation,
): string[] {
  const isQuestion = parameters.length > 0 || requestBody !== undefined
  const isOfSomething = parameters.some((each) => each.in === 'path') || path.startsWith('/api/v1/')
  return [
    ...(isQuestion ? ['400'] : []),
    ...(security.length > 0 || path.startsWith('/api/v1/session') ? ['401', '403'] : []),
    ...(isOfSomething ? ['404'] : []),
    ...(path.startsWith('/api/v1/') ? ['422'] : []),
    ...(method === 'get' ? [] : ['409']),
    ...(path === '/api/v1/session/link' ? ['410'] : []),
    '421',
    '429',
    '500',
    ...(path.endsWith('/file') ? ['501'] : []),
    '503',
  ]
}

/** The description with all answers of its operations; what the schemas of routes say stays as it is. */
export function withAnswers(given: unknown): object {
  const described = document.parse(given)
  const paths = Object.entries(described.paths).map(([path, methods]) => [
    path,
    Object.fromEntries(
      Object.entries(methods).map(([method, each]) => {
        const isAnswered = Object.keys(each.responses).some((status) => status.startsWith('2'))
        const added = isAnswered ? [] : answersOf(method, path)
        const responses = {
          ...Object.fromEntries(
            refusalsOf(method, path, each).map((status) => [
              status,
              { $ref: `#/components/responses/Refusal${status}` },
            ]),
          ),
          ...each.responses,
          ...Object.fromEntries(
            added.map(({ status, description, media = [] }) => [
              status,
              {
                description,
                ...(media.length === 0
                  ? {}
                  : { content: Object.fromEntries(media.map((type) => [type, {}])) }),
              },
            ]),
          ),
        }
        return [method, { ...each, responses }]
      }),
    ),
  ])
  const components = {
    ...described.components,
    schemas: { Fault: z.toJSONSchema(faultBody, { target: 'draft-2020-12' }) },
    responses: Object.fromEntries(
      Object.entries(refusals).map(([status, description]) => [
        `Refusal${status}`,
        { description, content: { 'application/json': { schema: { $ref: '#/components/schemas/Fault' } } } },
      ]),
    ),
  }
  return { ...described, components, paths: Object.fromEntries(paths) }
}
