import { createPrivateKey } from 'node:crypto'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { stateOf } from '#accounts/account-state.ts'
import { accountingPlan, type AccountingPlan } from '#accounts/accounting-plan.ts'
import type { PostingRules } from '#accounts/posting.ts'
import { closingOf } from '#accounts/statement.ts'
import { ManualClock } from '#contract/clock.ts'
import { slotsBetween, SLOT_MS, type Period } from '#contract/grid.ts'
import type { Boundary, Interval } from '#contract/interval.ts'
import { indexPark, parkDescription, type Park } from '#contract/park.ts'
import { newSigningKey } from '#firmware-config/signature.ts'
import { openBooks } from '#store/open.ts'
import type { Books } from '#store/port.ts'
import { signedClosing } from './ledger-proof.ts'
import { PostingLoop } from './posting.ts'
import { readPostingRules } from './posting-rules.ts'

/** A park of two enterprises with one meter each, its plan, real books and a clock driven by hand. */

export const ZONE = 'Asia/Shanghai'
export const at = (text: string): number => Temporal.Instant.from(`${text}+08:00`).epochMilliseconds
export const march: Period = { fromMs: at('2026-03-01T00:00'), toMs: at('2026-04-01T00:00') }

const meter = (id: string): object => ({
  id,
  name: { zh: id, en: id },
  carrier: 'electricity',
  role: 'boundary',
  gateway: 'gateway',
  register: 'activeEnergyImport.total',
  ratingPerHour: 5000,
  accuracyPercent: 0.5,
  installed: '2026-01-01T00:00:00+08:00',
})
const enterprise = (id: string): object => ({
  id,
  name: { zh: id, en: id },
  meters: [meter(`${id}-incoming`)],
})
export const smallPark: Park = indexPark(
  parkDescription.parse({
    id: 'park',
    name: { zh: '园', en: 'Park' },
    gateways: [{ id: 'gateway', name: { zh: '关', en: 'Gateway' } }],
    enterprises: [enterprise('steel'), enterprise('food')],
  }),
)

export function planWith(over: Record<string, unknown> = {}): AccountingPlan {
  const account = (id: string): object => ({
    account: id,
    sector: 'industry',
    fuelSet: 'S1',
    electricityRegion: 'tianjin',
    sources: [
      {
        id: 'electricity',
        name: { zh: '电', en: 'Electricity' },
        kind: 'electricity-purchased',
        item: 'electricity',
        measured: [{ meter: `${id}-incoming` }],
      },
    ],
    ...over,
  })
  return accountingPlan.parse({
    park: 'park',
    revision: '1',
    standardCoal: { edition: 'gb2589-2008' },
    accounts: [account('steel'), account('food')],
  })
}

/** A measured slot of so many hundredths of a kWh. */
export function slotOf(meterId: string, slotMs: number, count: number): Interval {
  const boundary = (atMs: number, register: number): Boundary => {
    const point = { atMs, register: { count: register, resolution: '0.01' } }
    return { ...point, method: 'measured', before: point, after: point }
  }
  return {
    meter: meterId,
    quantity: 'activeEnergyImport.total',
    slotMs,
    basis: 'register',
    state: 'known',
    energy: { count, resolution: '0.01' },
    method: 'measured',
    coverage: 1,
    opening: boundary(slotMs, 0),
    closing: boundary(slotMs + SLOT_MS, count),
    simulated: false,
    uncertain: false,
    undecided: [],
  }
}

export class PostingBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'tanbiao-posting-'))
  readonly file = join(this.folder, 'books.sqlite')
  readonly clock = new ManualClock(at('2026-05-10T00:00'))
  books: Books
  rules: PostingRules = readPostingRules()

  /** @param template books of another bench to begin with, closed */
  constructor(template?: string) {
    if (template !== undefined) copyFileSync(template, this.file)
    this.books = openBooks(this.file, ZONE)
  }

  /** Records slots of a meter, 10 kWh each. */
  fill(meterId: string, period: Period, count = 1_000): void {
    const slots = [...slotsBetween(period.fromMs, period.toMs)].map((slotMs) =>
      slotOf(meterId, slotMs, count),
    )
    this.books.record({ meter: meterId, fromMs: 1, toMs: 0 }, slots, this.clock.wallMs())
  }

  record(...intervals: Interval[]): void {
    for (const interval of intervals)
      this.books.record({ meter: interval.meter, fromMs: 1, toMs: 0 }, [interval], this.clock.wallMs())
  }

  /** Closes a month, signed by a key of its own. Returns the number of the closing. */
  close(account: string, month: string): number {
    const key = createPrivateKey(newSigningKey().privatePem)
    const state = stateOf(this.books.ledger(account))
    const said = closingOf(state, month, 'officer')
    const previous = this.books.ledgerHead(account).hash
    const closing = signedClosing({ account, previous, closing: said }, key)
    return this.books.post(account, [closing], this.clock.wallMs())[0]?.number ?? 0
  }

  reopen(account: string, month: string): void {
    const body = { kind: 'reopening', month, reason: 'meter corrected', by: 'officer' } as const
    this.books.post(account, [body], this.clock.wallMs())
  }

  async post(plan = planWith()): Promise<void> {
    const { books, clock, rules } = this
    const log = pino({ level: 'silent' })
    await new PostingLoop({ books, park: smallPark, plan, rules, clock, log, quietMs: 0 }).work(
      Number.MAX_SAFE_INTEGER,
    )
  }

  /** Kinds of an account's entries in order. */
  kinds(account = 'steel'): string[] {
    return this.books.ledger(account).map(({ body }) => body.kind)
  }

  reopenFile(): void {
    this.books.close()
    this.books = openBooks(this.file, ZONE)
  }

  remove(): void {
    this.books.close()
    rmSync(this.folder, { recursive: true })
  }
}
