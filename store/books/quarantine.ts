import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { refusal as refusalSchema, type CommitRecord, type Refusal } from '#contract/commit.ts'
import type {
  QuarantineDecision,
  QuarantineEntry,
  QuarantineOverflow,
  QuarantineState,
  QuarantineWish,
  ReusedNumbers,
} from '../port.ts'

/** Refused payloads, what became of them, and how many there were beyond the bounds. */

/** What quarantine keeps. Beyond it payloads lose all but their beginning, then entries become counts. */
export interface QuarantineBounds {
  readonly charactersPerGateway: number
  readonly entriesPerGateway: number
  readonly characters: number
  readonly entries: number
}

/** One gateway that sends nothing but rubbish must leave room for the others, and the disk to the intervals. */
export const QUARANTINE_BOUNDS: QuarantineBounds = {
  charactersPerGateway: 64 * 1024 * 1024,
  entriesPerGateway: 20_000,
  characters: 512 * 1024 * 1024,
  entries: 100_000,
}

/** What a person looks at; a multiple of four, so that base64 can be decoded. */
const PAYLOAD_CHARACTERS_SHOWN = 4_000
/** What is left of a payload beyond the bounds: enough to see who speaks what. */
const PAYLOAD_CHARACTERS_LEFT = 1_000
/** Names of gateways that overflow is counted by; a broker without rights lets any name through. */
const OVERFLOW_ROWS_MAX = 1_000

const DECIDED = ['replayed', 'accepted', 'discarded'] as const
const decisionSchema = z.object({
  state: z.enum(DECIDED),
  by: z.string(),
  reason: z.string(),
  atMs: z.number(),
  payload: z.string().optional(),
})
const entryRow = z.object({
  id: z.number(),
  gateway: z.string(),
  digest: z.instanceof(Uint8Array),
  committed_at_ms: z.number(),
  refusal: z.string(),
  payload_characters: z.number(),
  state: z.enum(['open', ...DECIDED]),
  decision: z.string().nullable(),
  cut: z.number(),
})
const totalRow = z.object({ entries: z.number(), characters: z.number() })
const decidedRow = z.object({
  id: z.number(),
  refusal: z.string(),
  characters: z.number(),
  committed_at_ms: z.number(),
})
const closedRow = z.object({ id: z.number(), refusal: z.string(), characters: z.number() })

const COLUMNS = `id, gateway, digest, committed_at_ms, state, decision, cut,
  length(refusal ->> 'payload') AS payload_characters`
const SHORT = `json_set(refusal, '$.payload', substr(refusal ->> 'payload', 1, ${PAYLOAD_CHARACTERS_SHOWN})) AS refusal`

/**
 * The oldest entry of a gateway that was decided, state by state along the index: asked for as "not open", every open
 * entry of a full quarantine would be looked at for each further refusal.
 */
export function oldestDecided(condition: string): string {
  const oldest = DECIDED.map(
    (state) => `SELECT min(id) AS id FROM quarantine WHERE gateway = ?1 AND state = '${state}' ${condition}`,
  )
  return `SELECT id, refusal, characters, committed_at_ms FROM quarantine
    WHERE id = (SELECT min(id) FROM (${oldest.join(' UNION ALL ')}))`
}

function entryOf(found: unknown): QuarantineEntry {
  const row = entryRow.parse(found)
  return {
    id: row.id,
    gateway: row.gateway,
    digest: Buffer.from(row.digest).toString('hex'),
    committedAtMs: row.committed_at_ms,
    refusal: refusalSchema.parse(JSON.parse(row.refusal)),
    payloadCharacters: row.payload_characters,
    isCut: row.cut === 1,
    state: row.state,
    ...(row.decision === null ? {} : { decision: decisionSchema.parse(JSON.parse(row.decision)) }),
  }
}

function cutShort(refusal: Refusal): Refusal {
  return { ...refusal, payload: refusal.payload.slice(0, PAYLOAD_CHARACTERS_LEFT) }
}

/** Quarantine of the books. Every function belongs into a transaction of the caller. */
export function openQuarantine(database: DatabaseSync, bounds: QuarantineBounds) {
  const ofDigest = database.prepare('SELECT refusal, cut FROM quarantine WHERE digest = ? AND gateway = ?')
  const insert = database.prepare(
    `INSERT INTO quarantine (gateway, digest, committed_at_ms, refusal, characters, cut, unnumbered)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  )
  const total = database.prepare('SELECT entries, characters FROM quarantine_total WHERE gateway = ?')
  const addTotal = database.prepare(
    `INSERT INTO quarantine_total VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET
       entries = entries + excluded.entries, characters = characters + excluded.characters`,
  )
  const oldestClosed = database.prepare(oldestDecided('AND cut = 0'))
  const closedOfAny = database.prepare(oldestDecided(''))
  const countOpen = database.prepare("SELECT count(*) AS n FROM quarantine WHERE state = 'open'")
  const remove = database.prepare('DELETE FROM quarantine WHERE id = ?')
  const shorten = database.prepare('UPDATE quarantine SET refusal = ?, characters = ?, cut = 1 WHERE id = ?')
  const overflowRow = database.prepare('SELECT 1 FROM quarantine_overflow WHERE gateway = ? AND code = ?')
  const overflowRows = database.prepare('SELECT count(*) AS n FROM quarantine_overflow')
  const overflow = database.prepare(
    `INSERT INTO quarantine_overflow VALUES (?1, ?2, ?3, ?3, 1, ?4) ON CONFLICT DO UPDATE SET
       first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms),
       refusals = refusals + 1, characters = characters + excluded.characters`,
  )
  const allOverflow = database.prepare('SELECT * FROM quarantine_overflow ORDER BY gateway, code')
  const newest = database.prepare(`SELECT ${COLUMNS}, ${SHORT} FROM quarantine ORDER BY id DESC LIMIT ?`)
  const newestOf = database.prepare(
    `SELECT ${COLUMNS}, ${SHORT} FROM quarantine WHERE state = ? ORDER BY id DESC LIMIT ?`,
  )
  const whole = database.prepare(`SELECT ${COLUMNS}, refusal FROM quarantine WHERE id = ?`)
  const close = database.prepare(
    "UPDATE quarantine SET state = ?, decision = ?, characters = characters + ? WHERE id = ? AND state = 'open' RETURNING gateway",
  )
  const closeAll = database.prepare(
    `UPDATE quarantine SET state = ?1, decision = ?2, characters = characters + length(?2)
     WHERE state = 'open' AND (?3 IS NULL OR gateway = ?3) AND (?4 IS NULL OR refusal ->> 'code' = ?4)
     RETURNING gateway`,
  )
  const unnumberedOf = database.prepare(
    `SELECT gateway, count(*) AS payloads FROM quarantine WHERE unnumbered = 1 AND state = 'open' GROUP BY gateway`,
  )

  // The condition is that of its index (112), word for word.
  const reusedOf = database.prepare(
    `SELECT gateway, count(*) AS entries, min(committed_at_ms) AS since_ms FROM quarantine
     WHERE state = 'open' AND refusal ->> 'code' = 'number-reused' GROUP BY gateway`,
  )

  function totalOf(gateway: string): z.output<typeof totalRow> {
    return totalRow.optional().parse(total.get(gateway)) ?? { entries: 0, characters: 0 }
  }

  function count(gateway: string, entries: number, characters: number): void {
    addTotal.run(gateway, entries, characters)
    addTotal.run('', entries, characters)
  }

  function hasRoom(gateway: string, characters: number): boolean {
    return (
      totalOf(gateway).characters + characters <= bounds.charactersPerGateway &&
      totalOf('').characters + characters <= bounds.characters
    )
  }

  /** Makes room by what was decided already, oldest first: its payload is the least needed. */
  function makeRoom(gateway: string, characters: number): boolean {
    while (!hasRoom(gateway, characters)) {
      const row = closedRow.optional().parse(oldestClosed.get(gateway))
      if (row === undefined) return false
      const text = JSON.stringify(cutShort(refusalSchema.parse(JSON.parse(row.refusal))))
      shorten.run(text, text.length, row.id)
      count(gateway, 0, text.length - row.characters)
    }
    return true
  }

  function enterOverflow(gateway: string, code: string, atMs: number, characters: number): void {
    const isNew = overflowRow.get(gateway, code) === undefined
    const isFull = isNew && Number(overflowRows.get()?.['n']) >= OVERFLOW_ROWS_MAX
    overflow.run(isFull ? '*' : gateway, code, atMs, characters)
  }

  /** Room for one more entry: an entry that was decided gives way, and is counted from then on. */
  function makeEntryRoom(gateway: string): boolean {
    while (totalOf(gateway).entries >= bounds.entriesPerGateway || totalOf('').entries >= bounds.entries) {
      const row = decidedRow.optional().parse(closedOfAny.get(gateway))
      if (row === undefined) return false
      const { code } = refusalSchema.parse(JSON.parse(row.refusal))
      remove.run(row.id)
      count(gateway, -1, -row.characters)
      enterOverflow(gateway, code, row.committed_at_ms, row.characters)
    }
    return true
  }

  function enterOne(record: CommitRecord, each: Refusal, text: string, isFirst: boolean): void {
    const { gateway, committedAtMs } = record
    if (!makeEntryRoom(gateway)) {
      if (isFirst) enterOverflow(gateway, each.code, committedAtMs, text.length)
      return
    }
    const isWhole = makeRoom(gateway, text.length)
    const kept = isWhole ? text : JSON.stringify(cutShort(each))
    const blob = Buffer.from(record.digest, 'hex')
    const unnumbered = each.encoding === 'base64' && record.seq === null ? 1 : 0
    insert.run(gateway, blob, committedAtMs, kept, kept.length, isWhole ? 0 : 1, unnumbered)
    count(gateway, 1, kept.length)
  }

  return {
    /**
     * Enters refusals of a record. What is already there of it, from an earlier commit of it, is left alone.
     * @param isFirst false where the record was entered before: what was over the bounds then was counted then
     */
    enter(record: CommitRecord, refusals: readonly Refusal[], isFirst: boolean): void {
      if (refusals.length === 0) return
      const known = new Set(
        ofDigest.all(Buffer.from(record.digest, 'hex'), record.gateway).map((row) => String(row['refusal'])),
      )
      for (const each of refusals) {
        const text = JSON.stringify(refusalSchema.parse(each))
        if (known.has(text) || known.has(JSON.stringify(cutShort(each)))) continue
        enterOne(record, each, text, isFirst)
      }
    },

    /** Entries that nobody has decided on. */
    countOpen: (): number => Number(countOpen.get()?.['n']),

    newest(limit: number, state?: QuarantineState): QuarantineEntry[] {
      const most = Math.max(0, Math.trunc(limit))
      return (state === undefined ? newest.all(most) : newestOf.all(state, most)).map(entryOf)
    },

    find(id: number): QuarantineEntry | undefined {
      const row = whole.get(id)
      return row === undefined ? undefined : entryOf(row)
    },

    /** False where it is not open. */
    decide(id: number, decision: QuarantineDecision): boolean {
      const text = JSON.stringify(decisionSchema.parse(decision))
      const row = close.get(decision.state, text, text.length, id)
      if (row === undefined) return false
      count(String(row['gateway']), 0, text.length)
      return true
    },

    /** How many were open and meant. */
    decideAll({ gateway, code }: QuarantineWish, decision: QuarantineDecision): number {
      const text = JSON.stringify(decisionSchema.parse(decision))
      const closed = closeAll.all(decision.state, text, gateway ?? null, code ?? null)
      for (const [of, rows] of Map.groupBy(closed, (row) => String(row['gateway'])))
        count(of, 0, rows.length * text.length)
      return closed.length
    },

    overflow: (): QuarantineOverflow[] =>
      z
        .array(
          z.object({
            gateway: z.string(),
            code: z.string(),
            first_ms: z.number(),
            last_ms: z.number(),
            refusals: z.number(),
            characters: z.number(),
          }),
        )
        .parse(allOverflow.all())
        .map(({ first_ms: firstMs, last_ms: lastMs, ...row }) => ({ ...row, firstMs, lastMs })),

    /** Gateways whose numbers came with two contents, as far as nobody has decided on them. */
    reused: (): ReusedNumbers[] =>
      z
        .array(z.object({ gateway: z.string(), entries: z.number(), since_ms: z.number() }))
        .parse(reusedOf.all())
        .map(({ gateway, entries, since_ms: sinceMs }) => ({ gateway, entries, sinceMs })),

    /** Open payloads without a number, by gateway. */
    unnumbered: (): ReadonlyMap<string, number> =>
      new Map(unnumberedOf.all().map((row) => [String(row['gateway']), Number(row['payloads'])])),
  }
}
