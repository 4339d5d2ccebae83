import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { ManualClock } from '#contract/clock.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { Reading } from '#contract/reading.ts'
import { AccessBook } from '#store/access-book.ts'
import { CHANGE_HEADER } from './access/guard.ts'
import { sessionInfo } from './api/session-shape.ts'
import { userWithLink } from './api/user-shapes.ts'
import { overview, type Overview } from './api/shapes.ts'
import { MemoryBooks, MemoryReadings, smallPark } from './small-park.test-support.ts'
import type { Server, ServerOptions } from './server-options.ts'
import { startServer } from './server.ts'

/** Midnight of the park. */
export const dayStartMs = Date.UTC(2026, 5, 1, 16)
/** When every test begins. */
export const startMs = dayStartMs + 4 * SLOT_MS

export const power = (meter: string, atMs: number, value: number): Reading => ({
  meter,
  quantity: 'activePower.total',
  atMs,
  quality: 'good',
  value,
})

export function meterIn(view: Overview, id: string): Overview['meters'][number] {
  const found = view.meters.find(({ meter }) => meter === id)
  if (found === undefined) throw new Error(`no ${id} in the overview`)
  return found
}

const PASSWORD = 'correct horse battery'

interface StreamEvent {
  readonly name: string
  readonly data: unknown
}

/** The real server on the small park, with a page of one line and a clock that the test drives. */
export class ServerBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'tanbiao-web-'))
  /** Apart from what else lies in the folder: every file here is served. */
  readonly #pages = join(this.folder, 'pages')
  readonly clock = new ManualClock(startMs)
  readonly store = new MemoryReadings()
  readonly books = new MemoryBooks()
  readonly access = new AccessBook(join(this.folder, 'access.sqlite'))
  #server: Server | undefined
  #headers: Readonly<Record<string, string>> = {}

  constructor() {
    mkdirSync(this.#pages)
    writeFileSync(join(this.#pages, 'index.html'), '<!doctype html><title>碳表</title>')
  }

  /** What a server here is started with; port 0, the page, and no log unless told otherwise. */
  options(over: Partial<ServerOptions> = {}): ServerOptions {
    const { clock, store, books, access } = this
    return {
      port: 0,
      park: smallPark,
      store,
      books,
      clock,
      log: pino({ level: 'silent' }),
      webFolder: this.#pages,
      access,
      openAs: 'auditor',
      ...over,
    }
  }

  async start(over: Partial<ServerOptions> = {}): Promise<void> {
    await this.startWith(this.options(over))
  }

  async startWith(options: ServerOptions): Promise<void> {
    this.#server = await startServer(options)
  }

  get server(): Server {
    if (this.#server === undefined) throw new Error('the server was not started')
    return this.#server
  }

  async stop(): Promise<void> {
    await this.#server?.stop()
    this.access.close()
    rmSync(this.folder, { recursive: true })
  }

  /** Signs in by a one-time link, the first administrator's by default: from now on `get` and `change` ask as that one. */
  async signIn(link = this.server.firstLink): Promise<void> {
    const secret = link?.split('/').at(-1)
    await this.#openSession('/api/v1/session/link', { secret, password: PASSWORD })
  }

  /** The first administrator once more, with the password that `signIn` chose: after a server was started again. */
  async signInAgain(): Promise<void> {
    await this.#openSession('/api/v1/session', { name: 'admin', password: PASSWORD })
  }

  async #openSession(path: string, body: object): Promise<void> {
    const answer = await fetch(this.server.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const { changeToken } = sessionInfo.parse(await answer.json())
    const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
    this.#headers = { cookie, [CHANGE_HEADER]: changeToken ?? '' }
  }

  /** Sends a change as whoever signed in. */
  async change(method: 'POST' | 'PATCH' | 'DELETE', path: string, body: object): Promise<Response> {
    return fetch(this.server.url + path, {
      method,
      headers: { 'content-type': 'application/json', ...this.#headers },
      body: JSON.stringify(body),
    })
  }

  /** Asks as whoever signed in. */
  async get(path: string): Promise<unknown> {
    return (await this.ask(path)).json()
  }

  /** The same, with the whole answer. */
  async ask(path: string): Promise<Response> {
    return fetch(this.server.url + path, { headers: this.#headers })
  }

  /** Adds a user of an enterprise and signs that one in, as an administrator who is signed in now. */
  async signInAsUserOf(enterprise: string): Promise<void> {
    const user = { name: `user of ${enterprise}`, role: 'enterprise-user', enterprise }
    const answer = await this.change('POST', '/api/v1/users', user)
    await this.signIn(userWithLink.parse(await answer.json()).link)
  }

  async json(path: string): Promise<unknown> {
    return (await fetch(this.server.url + path)).json()
  }

  async overview(): Promise<Overview> {
    return overview.parse(await this.json('/api/overview'))
  }

  /** Reads events of the live stream one after another. */
  async listen(
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ next: () => Promise<StreamEvent>; close: () => void }> {
    const abort = new AbortController()
    const answer = await fetch(`${this.server.url}/api/live`, { signal: abort.signal, headers })
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    const next = async (): Promise<StreamEvent> => {
      for (;;) {
        const event = /^event: (.*)\ndata: (.*)\n\n/m.exec(text)
        if (event !== null) {
          text = text.slice(event.index + event[0].length)
          return { name: event[1] ?? '', data: JSON.parse(event[2] ?? 'null') }
        }
        const chunk = await reader?.read()
        if (chunk === undefined || chunk.done) return { name: 'closed', data: undefined }
        text += chunk.value
      }
    }
    return { next, close: () => abort.abort() }
  }
}
