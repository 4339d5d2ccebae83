import { z } from 'zod'
import { monthNames } from '#accounts/account-month.ts'
import { stateOf, type AccountState } from '#accounts/account-state.ts'
import { statementOfAccount } from '#accounts/positions.ts'
import { unsourcedOfMonths } from '#accounts/unsourced-months.ts'
import { takenBack } from '#accounts/taken-back.ts'
import { accountMonth, adjustedTonnes, entryBody, scopes, type EntryBody } from '#contract/entry.ts'
import { Fault } from '#contract/fault.ts'
import { endOfDay } from '#contract/grid.ts'
import { identifier } from '#contract/identity.ts'
import type { Books } from '#store/port.ts'
import { readAccountFiles } from '../account-files.ts'
import { momentText } from '../books-file.ts'
import { dataOption, jsonOption, text } from '../options.ts'
import { writeContent } from '../report-file.ts'
import { withBooks } from '../server-folder.ts'
import { statementLines } from '../statement-text.ts'
import { tableLines } from '../table.ts'
import { verb } from '../verb.ts'

const data = dataOption
const park = text.meta({ description: 'The park file; its accounting.yaml lies beside it' })
const account = identifier.meta({ description: 'The account: an enterprise, or the park' })
const month = accountMonth.meta({ description: 'A month, e.g. 2026-03' })
const by = text.meta({ description: 'Who does it' })
const reason = text.meta({ description: 'Why' })
const document = text.meta({ description: 'The document that it rests on' })
const json = jsonOption

/** What an entry says, in a line. */
function summary(body: EntryBody): string {
  switch (body.kind) {
    case 'posting': {
      const { source, scope, activity, tCo2, completeness } = body
      const amount = activity === undefined ? 'nothing known' : `${activity.amount} ${activity.unit}`
      return `${source} (scope ${scope}): ${amount} → ${tCo2 ?? '–'} tCO2${completeness === undefined || completeness === '1' ? '' : `, ${completeness} of its slots`}`
    }
    case 'reversal':
      return `takes back ${body.reverses} (${body.cause}): ${body.reason}`
    case 'difference':
      return `entry ${body.posting} would be ${body.tCo2 ?? '–'} tCO2 (${body.cause}); not restated: ${body.because}`
    case 'adjustment':
      return `scope ${body.scope}: ${body.tCo2} tCO2, ${body.reason}`
    case 'closing':
      return `closed at ${body.total ?? '–'} tCO2 by ${body.by}, key ${body.key.slice(0, 16)}…`
    case 'reopening':
      return `reopened by ${body.by}: ${body.reason}`
    case 'clock':
      return `the clock says ${momentText(body.wallMs)}: it was ahead, or is behind; times between the two are not certain`
    case 'allowance':
    case 'offset':
    case 'certificate':
      break
  }
  return `${body.year}: ${body.amount} ${body.unit}, ${body.reference}`
}

/** The entries of an account. */
export const ledgerShow = verb(
  'Show the entries of an account’s ledger',
  z.object({ data, account, month: month.optional(), json }),
  (given) =>
    withBooks(given.data, (books) => {
      const entries = books.ledger(given.account, given.month === undefined ? undefined : [given.month])
      if (given.json) {
        console.log(JSON.stringify(entries, undefined, 2))
        return
      }
      const rows = entries.map(({ number, recordedAtMs, body, hash }) => [
        String(number),
        momentText(recordedAtMs),
        body.kind,
        'month' in body ? (body.month ?? '') : '',
        summary(body),
        hash.slice(0, 12),
      ])
      for (const line of tableLines(
        [['number', 'recorded', 'kind', 'month', '', 'hash'], ...rows],
        new Set([0]),
      ))
        console.log(line)
    }),
)

/** Months from one to another; those of the state where none is given. */
function monthsOf(state: AccountState, from: string | undefined, to: string | undefined): string[] {
  const posted = state.months()
  const [first, last] = [from ?? posted[0], to ?? posted.at(-1)]
  return first === undefined || last === undefined ? [] : monthNames(first, last)
}

/** The statement of an account, now or as it was known. */
export const ledgerStatement = verb(
  'Print the statement of an account, now or as it was known on a day',
  z.object({
    park,
    data,
    account,
    from: month.optional().meta({ description: 'First month (that of the first posting)' }),
    to: month.optional().meta({ description: 'Last month (that of the last posting)' }),
    'known-on': z.iso.date().optional().meta({ description: 'As it was known at the end of this day (now)' }),
    json,
  }),
  (given) =>
    withBooks(given.data, (books, clock) => {
      const { park: of, plan, items } = readAccountFiles(given.park)
      const { timeZone } = of.description
      const knownOn = given['known-on']
      const knownAtMs = knownOn === undefined ? undefined : endOfDay(knownOn, timeZone)
      const state = stateOf(books.ledger(given.account), knownAtMs)
      const months = monthsOf(state, given.from, given.to)
      const unsourced =
        plan === undefined || knownAtMs !== undefined
          ? undefined
          : unsourcedOfMonths({ park: of, plan, items, books, nowMs: clock.wallMs() }, given.account, months)
      const statement = statementOfAccount(state, months, { unsourced })
      if (given.json) console.log(JSON.stringify(statement, undefined, 2))
      else for (const line of statementLines(statement)) console.log(line)
    }),
)

/** Adds one body and says so. */
function enter(books: Books, id: string, body: EntryBody, nowMs: number): void {
  const [entry] = books.post(id, [entryBody.parse(body)], nowMs)
  console.log(`entry ${entry?.number} of ${id}: ${summary(body)}`)
}

export const ledgerReopen = verb(
  'Reopen a closed month of an account, with its reason',
  z.object({ data, account, month, reason, by }),
  (given) =>
    withBooks(given.data, (books, clock) => {
      const { account: id, data: _, ...said } = given
      enter(books, id, { kind: 'reopening', ...said }, clock.wallMs())
    }),
)

export const ledgerAdjust = verb(
  'Enter an adjustment in tCO2, with its sign, reason and document',
  z.object({
    data,
    account,
    month,
    scope: z.enum(scopes).meta({ description: scopes.join(', ') }),
    tonnes: adjustedTonnes.meta({ description: 'tCO2 with its sign, e.g. -1.25' }),
    reason,
    document,
    by,
  }),
  (given) =>
    withBooks(given.data, (books, clock) => {
      const { account: id, month: of, scope, tonnes: tCo2, ...said } = given
      const body = entryBody.safeParse({
        kind: 'adjustment',
        month: of,
        scope,
        tCo2,
        reason: said.reason,
        document: said.document,
        by: said.by,
      })
      if (!body.success) throw new Fault('argument-invalid', body.error.issues[0]?.message ?? '--tonnes')
      enter(books, id, body.data, clock.wallMs())
    }),
)

export const ledgerEnter = verb(
  'Enter an allowance, an offset or a certificate: positions beside the emissions',
  z.object({
    data,
    account,
    kind: z
      .enum(['allowance', 'offset', 'certificate'])
      .meta({ description: 'allowance, offset, certificate' }),
    year: z.coerce.number().int().meta({ description: 'The year that it is for' }),
    amount: text.meta({ description: 'tCO2, or kWh of a certificate' }),
    unit: z.enum(['tCO2', 'kWh']).default('tCO2').meta({ description: 'tCO2 or kWh (tCO2)' }),
    reference: text.meta({ description: 'Its number in its register: it counts once over all accounts' }),
    document,
    by,
  }),
  (given) =>
    withBooks(given.data, (books, clock) => {
      const { account: id, data: _, ...body } = given
      const parsed = entryBody.safeParse(body)
      if (!parsed.success) throw new Fault('argument-invalid', parsed.error.issues[0]?.message ?? '--amount')
      enter(books, id, parsed.data, clock.wallMs())
    }),
)

export const ledgerReverse = verb(
  'Take back an adjustment or a position, with its reason',
  z.object({
    data,
    account,
    entry: z.coerce.number().int().min(1).meta({ description: 'Its number' }),
    reason,
    by,
  }),
  (given) =>
    withBooks(given.data, (books, clock) => {
      const { account: id, entry, ...said } = given
      enter(books, id, takenBack(entry, books.ledgerEntry(id, entry)?.body, said), clock.wallMs())
    }),
)

export const ledgerExport = verb(
  'Write all entries of an account, with their hashes, one JSON object a line',
  z.object({ data, account, out: text.meta({ description: 'The file' }) }),
  (given) =>
    withBooks(given.data, (books) => {
      const lines = books.ledger(given.account).map((entry) => JSON.stringify(entry))
      writeContent(given.out, `${lines.join('\n')}\n`)
      console.log(`${lines.length} entries of ${given.account} in ${given.out}`)
    }),
)
