import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { startRecordingServer, type Answer, type RecordingServer } from './recording-server.ts'

/**
 * Stands in for InfluxDB 3 where there is none: line protocol goes into tables of SQLite in which two rows with the same
 * tags and time become one (of a column of both the later value stays: a server promises neither), and SQL is run on them.
 * What it shows is that the adapter's rows and queries fit each other, and that it keeps to some bounds of 3.6; what a real
 * server does is for TANBIAO_TEST_INFLUXDB3.
 */
export interface StandIn extends RecordingServer {
  /** Answers in place of the server, until it gives undefined again. */
  instead: () => Answer | undefined
  /** How long its databases say that they keep; for ever at first. */
  keptMs: number | undefined
  /** Its own clock, UTC ms. */
  nowMs: number
}

const queryBody = z.object({
  db: z.string(),
  q: z.string(),
  params: z.record(z.string(), z.string()),
  format: z.literal('json'),
})

interface Line {
  readonly table: string
  readonly tags: ReadonlyMap<string, string>
  readonly fields: ReadonlyMap<string, string | number | bigint>
  readonly timeNs: bigint
}

/** Splits at a separator that is neither escaped nor within a string. */
function split(text: string, separator: string): string[] {
  const parts: string[] = ['']
  let isString = false
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? ''
    if (character === '\\') {
      parts.push(`${parts.pop() ?? ''}${character}${text[(index += 1)] ?? ''}`)
      continue
    }
    if (character === '"') isString = !isString
    if (character === separator && !isString) parts.push('')
    else parts.push(`${parts.pop() ?? ''}${character}`)
  }
  return parts
}

const plain = (name: string): string => name.replace(/\\(.)/g, '$1')

function pairs(text: string): [string, string][] {
  return split(text, ',').map((pair) => {
    const [key = '', value = ''] = split(pair, '=')
    return [plain(key), value]
  })
}

function fieldOf(text: string): string | number | bigint {
  if (text.startsWith('"')) return plain(text.slice(1, -1))
  return text.endsWith('i') ? BigInt(text.slice(0, -1)) : Number(text)
}

function lineOf(text: string): Line {
  const [head = '', fields = '', time = ''] = split(text, ' ')
  const [table = '', ...tags] = split(head, ',')
  return {
    table: plain(table),
    tags: new Map(tags.flatMap((tag) => pairs(tag).map(([key, value]) => [key, plain(value)] as const))),
    fields: new Map(pairs(fields).map(([key, value]) => [key, fieldOf(value)])),
    timeNs: BigInt(time),
  }
}

const typeOf = (value: string | number | bigint): string =>
  typeof value === 'string' ? 'TEXT' : typeof value === 'bigint' ? 'INTEGER' : 'REAL'

class Tables {
  readonly #database = new DatabaseSync(':memory:')
  /** Type of each column by table, as the first write made it. */
  readonly #columns = new Map<string, Map<string, string>>()

  constructor() {
    this.#database.exec(`ATTACH ':memory:' AS information_schema;
      CREATE TABLE information_schema.tables (table_schema TEXT, table_name TEXT)`)
    this.#database.function('to_timestamp_nanos', { useBigIntArguments: true }, (ns) => ns)
  }

  /** Why the line is refused, if it is. */
  write({ table, tags, fields, timeNs }: Line): string | undefined {
    const columns = this.#columns.get(table) ?? this.#make(table, tags)
    for (const [field, value] of fields) {
      const type = columns.get(field)
      if (type !== undefined && type !== typeOf(value)) return `invalid column type for column '${field}'`
      if (type === undefined)
        this.#database.exec(`ALTER TABLE "${table}" ADD COLUMN "${field}" ${typeOf(value)}`)
      columns.set(field, typeOf(value))
    }
    const row = new Map<string, string | number | bigint>([...tags, ...fields, ['time', timeNs]])
    const names = [...row.keys()].map((name) => `"${name}"`).join(', ')
    const places = [...row.keys()].map(() => '?').join(', ')
    const merged = [...fields.keys()].map((name) => `"${name}" = excluded."${name}"`).join(', ')
    this.#database
      .prepare(`INSERT INTO "${table}" (${names}) VALUES (${places}) ON CONFLICT DO UPDATE SET ${merged}`)
      .run(...row.values())
    return undefined
  }

  query(q: string, params: Readonly<Record<string, string>>): unknown[] {
    const statement = this.#database.prepare(q)
    statement.setReadBigInts(true)
    // Nanoseconds of the column "time" itself are not asked for; everything else is exact as a number.
    return statement
      .all(params)
      .map((row) =>
        Object.fromEntries(
          Object.entries(row).flatMap(([name, value]) =>
            value === null || name === 'time'
              ? []
              : [[name, typeof value === 'bigint' ? Number(value) : value]],
          ),
        ),
      )
  }

  #make(table: string, tags: ReadonlyMap<string, string>): Map<string, string> {
    const key = [...tags.keys(), 'time'].map((name) => `"${name}"`)
    const columns = [...tags.keys()].map((name) => `"${name}" TEXT, `).join('')
    this.#database.exec(
      `CREATE TABLE "${table}" (${columns}"time" INTEGER, PRIMARY KEY (${key.join(', ')})) WITHOUT ROWID`,
    )
    this.#database.prepare(`INSERT INTO information_schema.tables VALUES ('iox', ?)`).run(table)
    const made = new Map<string, string>()
    this.#columns.set(table, made)
    return made
  }
}

const STRING_BYTES_MAX = 65_536

function write(tables: Tables, body: string): Answer {
  const refused = body.split('\n').flatMap((text, index) => {
    const line = lineOf(text)
    const isTooLong = [...line.fields.values()].some(
      (value) => typeof value === 'string' && Buffer.byteLength(value) > STRING_BYTES_MAX,
    )
    const error = isTooLong ? 'String is greater than 64KB' : tables.write(line)
    return error === undefined ? [] : [{ original_line: text, line_number: index + 1, error_message: error }]
  })
  if (refused.length === 0) return { status: 204 }
  return {
    status: 400,
    body: JSON.stringify({ error: 'partial write of line protocol occurred', data: refused }),
  }
}

/** A condition on the time that nothing can fulfil: 3.6 does not answer with no rows. */
function hasEmptyPeriod(q: string): boolean {
  const [, from, to] =
    /"time" >= to_timestamp_nanos\((\d+)\) AND "time" < to_timestamp_nanos\((\d+)\)/.exec(q) ?? []
  return from !== undefined && to !== undefined && BigInt(from) >= BigInt(to)
}
const emptyPeriod: Answer = {
  status: 500,
  body: 'query error: error while planning query: External error: unexpected: provided filters on time column did not produce a valid set of boundaries',
}

/** Starts it; `databases` are there from the beginning. */
export async function startStandIn(databases: readonly string[]): Promise<StandIn> {
  const kept = new Map(databases.map((name) => [name, new Tables()]))
  const missing: Answer = { status: 404, body: '{"error":"query error: database not found: x"}' }
  const server = await startRecordingServer(({ target, body }) => {
    const given = standIn.instead()
    if (given !== undefined) return given
    if (target.pathname === '/api/v3/configure/database') {
      const { db } = z.object({ db: z.string() }).parse(JSON.parse(body))
      if (kept.has(db)) return { status: 409, body: 'already exists' }
      kept.set(db, new Tables())
      return { status: 200 }
    }
    if (target.pathname === '/api/v3/write_lp') {
      const tables = kept.get(target.searchParams.get('db') ?? '')
      return tables === undefined ? missing : write(tables, body)
    }
    const { db, q, params } = queryBody.parse(JSON.parse(body))
    if (db === '_internal')
      return {
        status: 200,
        body: JSON.stringify([{ now_ms: standIn.nowMs, kept_ms: standIn.keptMs ?? null }]),
      }
    if (hasEmptyPeriod(q)) return emptyPeriod
    const tables = kept.get(db)
    return tables === undefined ? missing : { status: 200, body: JSON.stringify(tables.query(q, params)) }
  })
  const standIn: StandIn = { ...server, instead: () => undefined, keptMs: undefined, nowMs: 0 }
  return standIn
}
