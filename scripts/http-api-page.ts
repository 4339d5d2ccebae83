import { z } from 'zod'
import { ServerBench } from '#dashboards/server.test-support.ts'

const operation = z.object({
  summary: z.string().default('—'),
  description: z.string(),
  tags: z.array(z.string()),
  parameters: z
    .array(z.object({ name: z.string(), in: z.string(), required: z.boolean().optional() }))
    .default([]),
})
const description = z.object({ paths: z.record(z.string(), z.record(z.string(), operation)) })

type Table = (head: readonly string[], rows: readonly (readonly string[])[]) => string

/** docs/http-api.md: every address in a line, from what a server of the small test park says of itself. */
export async function httpApiPage(table: Table, generated: string): Promise<string> {
  const bench = new ServerBench()
  try {
    await bench.start({ operations: { metrics: () => '', complaints: async () => [] } })
    const { paths } = description.parse(await bench.json('/api/openapi.json'))
    const rows = Object.entries(paths)
      .flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, { summary, description: rights, parameters }]) => {
          const asked = parameters.flatMap(({ name, in: place, required = false }) =>
            place === 'query' ? `${name}${required ? '' : '?'}` : [],
          )
          const question = asked.length === 0 ? '' : `?${asked.join('&')}`
          return [`${method.toUpperCase()} \`${path}${question}\``, summary, rights]
        }),
      )
      .toSorted(([a = ''], [b = '']) => a.slice(a.indexOf('`')).localeCompare(b.slice(b.indexOf('`')), 'en'))
    return `# HTTP API\n\n${generated} Source: the routes of \`dashboards/api/\`.\n\nA server describes itself at \`/api/openapi.json\` (OpenAPI 3.1, with the schema of every answer), for client generators and for reading. This is the list of its addresses; a \`?\` after a parameter’s name says that it may be left out.\n\nTimes are milliseconds of UTC since 1970 or days and months of the park’s calendar. Energy and money are exact decimals as text. A null is something that is not known; it is never a zero. Every failure is \`{ code, message, advice }\` with a code of [faults.md](faults.md). A program signs in with a token (\`Authorization: Bearer …\`), made by an administrator on the page of users.\n\n${table(['address', 'what it is for', 'for whom'], rows)}\n`
  } finally {
    await bench.stop()
  }
}
