import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { GuardedRoute } from './access/guard.ts'
import { ServerBench } from './server.test-support.ts'

/** A route as the description names it. */
const nameOf = ({ method, url }: GuardedRoute): string => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`
/** Files of the pages, which here lie in a folder of the test. */
const isPage = ({ url }: GuardedRoute): boolean => !/^\/(api\/|healthz$|readyz$|metrics$)/.test(url)

const operation = z.looseObject({
  summary: z.string().optional(),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  responses: z.record(z.string(), z.unknown()),
})
const document = z.looseObject({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), operation)),
})

describe('the description of the API', () => {
  const bench = new ServerBench()
  let described: z.output<typeof document>
  beforeAll(async () => {
    const operations = { metrics: () => '', complaints: async () => [] }
    await bench.start({ operations })
    described = document.parse(await bench.json('/api/openapi.json'))
  })
  afterAll(() => bench.stop())

  const operations = (): [string, z.output<typeof operation>][] =>
    Object.entries(described.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, each]): [string, z.output<typeof operation>] => [
        `${method.toUpperCase()} ${path}`,
        each,
      ]),
    )

  test('has every route of the API, and no other', () => {
    const routes = bench.server.routes
      .filter((route) => route.method !== 'HEAD' && !isPage(route))
      .map(nameOf)
    expect(
      operations()
        .map(([name]) => name)
        .toSorted(),
    ).toEqual([...new Set(routes)].toSorted())
  })

  test('says of each what it is for (api/summaries.ts), what it answers, and what a failure looks like', () => {
    const withoutSummary = operations().filter(([, { summary }]) => summary === undefined)
    expect(withoutSummary.map(([name]) => name)).toEqual([])
    for (const [name, { responses }] of operations()) {
      expect(Object.keys(responses), name).toContain('default')
    }
  })

  test('is a valid OpenAPI 3.1 document', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(described))
    expect(errors).toBeUndefined()
    expect(valid).toBe(true)
  })

  test('lists for every address an answer, and every status that it is seen to answer with', async () => {
    for (const [name, { responses }] of operations()) {
      expect(
        Object.keys(responses).filter((status) => /^[23]/.test(status)),
        name,
      ).not.toEqual([])
    }
    const seen = new Set<string>()
    for (const route of bench.server.routes) {
      if (route.method === 'HEAD' || isPage(route)) continue
      for (const value of ['forge-main', '1', 'NOT AN ID']) {
        const abort = new AbortController()
        const answer = await fetch(
          bench.server.url + route.url.replaceAll(/:\w+/g, encodeURIComponent(value)),
          {
            method: route.method,
            redirect: 'manual',
            signal: abort.signal,
          },
        )
        abort.abort()
        const [, path = ''] = nameOf(route).split(' ')
        const declared = Object.keys(described.paths[path]?.[route.method.toLowerCase()]?.responses ?? {})
        expect(declared, `${nameOf(route)} answered ${answer.status}`).toContain(String(answer.status))
        seen.add(String(answer.status))
      }
    }
    expect([...seen].toSorted()).toEqual(expect.arrayContaining(['200', '400', '401', '404']))
  })

  test('names the rights by which it is guarded', () => {
    const openOnes = operations().filter(([, { security }]) => security.length === 0)
    const forAll = bench.server.routes.filter((route) => route.access.needs === 'nobody' && !isPage(route))
    expect(openOnes.map(([name]) => name).toSorted()).toEqual(
      forAll
        .filter(({ method }) => method !== 'HEAD')
        .map(nameOf)
        .toSorted(),
    )
  })
})
