import { z } from 'zod'
import { unsourcedOfMonths } from '#accounts/unsourced-months.ts'
import { closingDraft } from '#contract/closing.ts'
import { accountMonth } from '#contract/entry.ts'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import { readData } from '#firmware-config/document.ts'
import { readSigningKey, readTrust } from '#firmware-config/signature.ts'
import { requiredPlan } from '../account-files.ts'
import { draftClosing } from '../closing.ts'
import { factorFolder, readFactorFiles } from '../factor-files.ts'
import { headLine, headsIn, headsOf } from '../ledger-heads.ts'
import { proveLedgers, signedClosing } from '../ledger-proof.ts'
import { makeLog } from '../log.ts'
import { dataOption, flag, logLevel, text } from '../options.ts'
import { PostingLoop } from '../posting.ts'
import { readPostingRules } from '../posting-rules.ts'
import { threadsFor } from '../posting-threads.ts'
import { serverFile, withAccess, withBooks } from '../server-folder.ts'
import { readText } from '../read-text.ts'
import { unsourcedLine } from '../statement-text.ts'
import { verb } from '../verb.ts'

const data = dataOption
const park = text.meta({ description: 'The park file; its accounting.yaml lies beside it' })

/** Closes a month, signed. */
export const ledgerClose = verb(
  'Close a month of an account, signed, and lock the intervals it rests on',
  z.object({
    park,
    data,
    account: identifier.meta({ description: 'The account' }),
    month: accountMonth.meta({ description: 'The month, e.g. 2026-03; it must be over and posted' }),
    key: text.meta({ description: 'File with the private key ("tanbiao configure key")' }),
    by: text.meta({ description: 'Who closes it' }),
    incomplete: flag('Close it although slots are missing; the closing says of which sources'),
  }),
  (given) =>
    withBooks(given.data, (books, clock) => {
      const key = readSigningKey(given.key)
      const { account, month, by } = given
      const files = requiredPlan(given.park)
      const draft = draftClosing({ books, ...files }, { account, month, by }, clock.wallMs())
      if (draft.closing.incomplete.length > 0 && !given.incomplete) {
        const sources = draft.closing.incomplete.join(', ')
        throw new Fault(
          'entry-invalid',
          `Slots are missing of ${sources}; --incomplete closes it all the same.`,
        )
      }
      const signed = signedClosing(draft, key)
      // The signature is over the chain as it is now: an entry that comes between is told of, and nothing is closed.
      const [entry] = books.post(account, [signed], clock.wallMs(), undefined, draft.closing.entries)
      console.log(`entry ${entry?.number}: ${month} of ${account} closed at ${signed.total ?? '–'} tCO2`)
      // No posting says of it, and so no closing does.
      const { park: of, plan, items } = files
      const ground = { park: of, plan, items, books, nowMs: clock.wallMs() }
      for (const each of unsourcedOfMonths(ground, account, [month])) console.log(unsourcedLine(each))
    }),
)

/** Signs a closing that a page has prepared, where the key is. */
export const ledgerSign = verb(
  'Sign a closing that the carbon account’s page has prepared, on the machine that holds the key',
  z.object({
    draft: text.meta({ description: 'File with the prepared closing, saved on the page' }),
    key: text.meta({ description: 'File with the private key ("tanbiao configure key")' }),
  }),
  (given) => {
    const draft = readData(closingDraft, given.draft).value
    const { closing, account, previous } = draft
    console.log(`account ${account}, ${closing.month}, by ${closing.by}`)
    console.log(`total ${closing.total ?? '–'} tCO2 after ${closing.entries} entries, last hash ${previous}`)
    if (closing.incomplete.length > 0) console.log(`incomplete: ${closing.incomplete.join(', ')}`)
    console.log(signedClosing(draft, readSigningKey(given.key)).signature)
    return Promise.resolve()
  },
)

/** Posts what is due, without a server. */
export const ledgerPost = verb(
  'Post the months that are over, and restate those that have changed',
  z.object({
    park,
    data,
    log: logLevel.default('info').meta({ description: 'trace, debug, info, warn, error or silent' }),
  }),
  (given) =>
    withBooks(given.data, async (books, clock) => {
      const { park: of, plan } = requiredPlan(given.park)
      const before = entriesOf(books)
      const log = makeLog('post', given.log)
      const rules = readPostingRules()
      const file = serverFile(given.data, 'books.sqlite')
      const threads = threadsFor({ file, park: of, plan, rules, factors: readFactorFiles(), log })
      await new PostingLoop({ books, park: of, plan, rules, clock, log, quietMs: 0, threads }).work(
        Number.MAX_SAFE_INTEGER,
      )
      console.log(`${entriesOf(books) - before} entries added, ${entriesOf(books)} in all`)
    }),
)

type LedgerHeads = Parameters<typeof proveLedgers>[0]

const entriesOf = (books: LedgerHeads): number =>
  books.ledgerAccounts().reduce((sum, account) => sum + books.ledgerHead(account).number, 0)

/** The ends of all chains, to be kept where nobody can change them who can change the books. */
export const ledgerHeads = verb(
  'Print where each ledger and the audit log end, to be kept elsewhere ("ledger verify --heads")',
  z.object({ data }),
  (given) =>
    withBooks(given.data, (books, clock) =>
      withAccess(given.data, (access) => {
        for (const head of headsOf({ books, audit: access?.auditLog }, clock.wallMs()))
          console.log(headLine(head))
      }),
    ),
  {
    notes:
      'Lines of several days may stand in one file: tanbiao ledger heads >> heads.txt. A server notes them by itself once a day ("serve --heads").',
  },
)

/** Proves chains, signatures and postings. */
export const ledgerVerify = verb(
  'Prove the ledgers: chains, signatures, and every posting computed again',
  z.object({
    data,
    account: identifier.optional().meta({ description: 'Of this account alone (all)' }),
    trust: text
      .optional()
      .meta({ description: 'Trust file with the keys that may close months (signatures are not judged)' }),
    park: text.optional().meta({
      description:
        'The park file, whose accounting.yaml lies beside it: factors of its own are held against it (they are not judged)',
    }),
    factors: text
      .default(factorFolder)
      .meta({ description: 'Folder of the factor files (those of tanbiao)' }),
    heads: text.optional().meta({
      description:
        'File with lines of "ledger heads", kept elsewhere: entries that are gone since are told of',
    }),
  }),
  (given) =>
    withBooks(given.data, (books, clock) => {
      const trust = given.trust === undefined ? undefined : readTrust(given.trust)
      const rules = readPostingRules(given.factors)
      const files = readFactorFiles(given.factors)
      const { findings, count } = proveLedgers(
        books,
        files,
        rules,
        trust,
        { nowMs: clock.wallMs(), plan: given.park === undefined ? undefined : requiredPlan(given.park).plan },
        given.account === undefined ? undefined : [given.account],
        given.heads === undefined ? [] : headsIn(readText(given.heads), given.heads),
      )
      for (const { account, entry, message } of findings)
        console.log(
          account === '' ? message : `${account}${entry === 0 ? '' : ` entry ${entry}`}: ${message}`,
        )
      const { entries, postings, slots, signatures, ownFactors } = count
      const own = ownFactors > 0 ? `, ${ownFactors} factors of the plan’s own not judged without --park` : ''
      const judged = trust === undefined && signatures > 0 ? ', not judged without --trust' : ''
      console.log(
        `${entries} entries, ${postings} postings computed again from ${slots} interval revisions, ${signatures} signatures${judged}${own}`,
      )
      if (findings.length > 0)
        throw new Fault('ledger-damaged', `${findings.length} things are not as they were.`)
      console.log('everything is as it was written')
    }),
)
