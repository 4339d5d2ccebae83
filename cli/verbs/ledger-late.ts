import { z } from 'zod'
import type { LateData } from '#accounts/late-data-view.ts'
import { lateDataOf } from '#accounts/late-data.ts'
import { identifier } from '#contract/identity.ts'
import { requiredPlan } from '../account-files.ts'
import { momentText } from '../books-file.ts'
import { dataOption, jsonOption, text } from '../options.ts'
import { withBooks } from '../server-folder.ts'
import { tableLines } from '../table.ts'
import { verb } from '../verb.ts'

const closedText = ({ accounts }: LateData): string =>
  accounts.map(({ account, closed }) => `${account}${closed ? ' (closed)' : ''}`).join(', ')

/** What came late to closed months, and whom it would change. */
export const ledgerLate = verb(
  'Show what came late to closed months, and which accounts it would change',
  z.object({
    park: text.meta({ description: 'The park file; its accounting.yaml lies beside it' }),
    data: dataOption,
    account: identifier.optional().meta({ description: 'Of this account alone (all)' }),
    json: jsonOption,
  }),
  (given) =>
    withBooks(given.data, (books) => {
      const { park, plan } = requiredPlan(given.park)
      const late = lateDataOf({ books, park, plan }, given.account)
      if (given.json) {
        console.log(JSON.stringify(late, undefined, 2))
        return
      }
      if (late.length === 0) {
        console.log('nothing came late to a closed month')
        return
      }
      const rows = late.map((each) => [
        each.month,
        each.meter,
        String(each.slots),
        each.kept ?? '–',
        each.computed ?? '–',
        each.unit,
        momentText(each.notedMs),
        closedText(each),
      ])
      const head = ['month', 'meter', 'slots', 'kept', 'would be', '', 'noted', 'would change']
      for (const line of tableLines([head, ...rows], new Set([2, 3, 4]))) console.log(line)
      console.log(
        '"tanbiao ledger reopen" with a reason lets them in; all accounts that closed the month hold them',
      )
    }),
)
