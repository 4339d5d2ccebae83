import { Fault } from '#contract/fault.ts'
import { withoutPassword } from '#contract/shown-url.ts'
import type { ReadingStore } from './port.ts'
import { openSqliteReadings } from './sqlite-readings.ts'

export { openBooks } from './books.ts'

export interface ReadingStoreOptions {
  /** Token for InfluxDB 2.x; by default what TANBIAO_INFLUX_TOKEN holds. */
  readonly token?: string
  /** Where TANBIAO_INFLUX_TOKEN is looked for; by default the environment of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** An embedded store writes on a thread of its own: for servers (sqlite-writing.ts). */
  readonly ownThread?: boolean
}

/**
 * Opens a reading store by its URL:
 *
 *   sqlite:FILE
 *   influx1://[USER:PASSWORD@]HOST[:PORT]/DATABASE[?create=true][&tls=true]
 *   influx2://HOST[:PORT]/ORG/BUCKET[?tls=true]
 *   influx3://HOST[:PORT]/DATABASE[?create=true][&tls=true]
 *
 * Throws `store-url-invalid`, or `store-unavailable` where opening needs the store and it is not there.
 */
export async function openReadingStore(
  url: string,
  options: ReadingStoreOptions = {},
): Promise<ReadingStore> {
  if (url.startsWith('sqlite:'))
    return openSqliteReadings({ file: sqliteFile(url), ownThread: options.ownThread ?? false })
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol === 'influx1:') return openInflux1(parsed)
  if (parsed?.protocol === 'influx2:') return openInflux2(parsed, options)
  if (parsed?.protocol === 'influx3:') return openInflux3(parsed, options)
  throw invalid(`"${withoutPassword(url)}" does not name a kind of reading store.`)
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'influx3:': '8181' }
const DEFAULT_PORT = '8086'

function sqliteFile(url: string): string {
  const file = url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '')
  // What SQLite keeps in memory, or deletes when it is closed, is no store.
  if (file === '' || file.startsWith(':')) throw invalid('After "sqlite:" the path of a file is missing.')
  return file
}

async function openInflux1(url: URL): Promise<ReadingStore> {
  const [database, ...rest] = pathOf(url)
  if (database === undefined || rest.length > 0) throw invalid('influx1: needs one database in its path.')
  // Names are quoted in queries; these need no escaping there.
  if (!/^[\w.-]{1,64}$/.test(database)) throw invalid(`"${database}" cannot be the name of a database.`)
  const flags = flagsOf(url, ['create', 'tls'])
  // Its client is loaded where it is used: most processes have no need of it.
  const { openInflux1Readings } = await import('./influx1-readings.ts')
  return openInflux1Readings({
    url: serverOf(url, flags.has('tls')),
    database,
    create: flags.has('create'),
    ...(url.username === '' ? {} : { user: decode(url.username), password: decode(url.password) }),
  })
}

async function openInflux2(
  url: URL,
  { token, environment = process.env }: ReadingStoreOptions,
): Promise<ReadingStore> {
  const [org, bucket, ...rest] = pathOf(url)
  if (org === undefined || bucket === undefined || rest.length > 0) {
    throw invalid('influx2: needs an organisation and a bucket in its path.')
  }
  if (url.username !== '') throw invalid('influx2: takes a token from TANBIAO_INFLUX_TOKEN, not a user.')
  const secret = token ?? environment['TANBIAO_INFLUX_TOKEN'] ?? ''
  if (secret === '') throw invalid('influx2: needs a token in TANBIAO_INFLUX_TOKEN.')
  const flags = flagsOf(url, ['tls'])
  const { openInflux2Readings } = await import('./influx2-readings.ts')
  return openInflux2Readings({ url: serverOf(url, flags.has('tls')), org, bucket, token: secret })
}

async function openInflux3(
  url: URL,
  { token, environment = process.env }: ReadingStoreOptions,
): Promise<ReadingStore> {
  const [database, ...rest] = pathOf(url)
  if (database === undefined || rest.length > 0) throw invalid('influx3: needs one database in its path.')
  // The names that the server takes.
  if (!/^[A-Za-z0-9][\w-]{0,63}$/.test(database))
    throw invalid(`"${database}" cannot be the name of a database.`)
  if (url.username !== '') throw invalid('influx3: takes a token from TANBIAO_INFLUX_TOKEN, not a user.')
  const flags = flagsOf(url, ['create', 'tls'])
  // A server without authorisation needs none.
  const secret = token ?? environment['TANBIAO_INFLUX_TOKEN'] ?? ''
  const { openInflux3Readings } = await import('./influx3-readings.ts')
  return openInflux3Readings({
    url: serverOf(url, flags.has('tls')),
    database,
    create: flags.has('create'),
    ...(secret === '' ? {} : { token: secret }),
  })
}

function pathOf(url: URL): string[] {
  const parts = url.pathname.split('/').slice(1).map(decode)
  return parts.some((part) => part === '') ? [] : parts
}

function serverOf(url: URL, tls: boolean): URL {
  if (url.hostname === '') throw invalid(`${url.protocol} needs a host.`)
  const port = url.port === '' ? (DEFAULT_PORTS[url.protocol] ?? DEFAULT_PORT) : url.port
  return new URL(`${tls ? 'https' : 'http'}://${url.hostname}:${port}`)
}

/** The names that are "true" in the query. */
function flagsOf(url: URL, known: readonly string[]): ReadonlySet<string> {
  const flags = new Set<string>()
  for (const [name, value] of url.searchParams) {
    if (!known.includes(name)) throw invalid(`${url.protocol} has no option "${name}".`)
    if (value !== 'true' && value !== 'false') throw invalid(`"${name}" must be true or false.`)
    if (value === 'true') flags.add(name)
  }
  return flags
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new Fault('store-url-invalid', 'A percent sign in the URL is not followed by a code.', { cause })
  }
}

function invalid(what: string): Fault {
  return new Fault('store-url-invalid', what)
}
