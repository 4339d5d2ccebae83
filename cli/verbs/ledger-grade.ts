import { join } from 'node:path'
import { z } from 'zod'
import { stateOf } from '#accounts/account-state.ts'
import { monthNames } from '#accounts/account-month.ts'
import { decimal, presented } from '#accounts/decimal.ts'
import { gradeOf } from '#accounts/grade-rule.ts'
import { gradedMonths } from '#accounts/graded-months.ts'
import { liveRecords } from '#accounts/recorded-activity.ts'
import { statementOf } from '#accounts/statement.ts'
import { positiveDecimalText } from '#contract/decimal-text.ts'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import { dataOption, text } from '../options.ts'
import { bySource } from '../statement-text.ts'
import { gradePaths, readGradeRule } from '../posting-rules.ts'
import { withBooks } from '../server-folder.ts'
import { verb } from '../verb.ts'

/** A year of an account against its value added. */
export const ledgerGrade = verb(
  'Grade a year of an account by a rule given as data (accounts/grades)',
  z.object({
    data: dataOption,
    account: identifier.meta({ description: 'The account' }),
    year: z.coerce.number().int().min(2000).max(2100).meta({ description: 'The year' }),
    rule: text
      .default('zhejiang')
      .meta({ description: 'Name of a rule, or the file of one of yours (zhejiang)' }),
    prices: text
      .default('current')
      .meta({ description: 'Price basis of the records of value added (current)' }),
    'industry-mean': positiveDecimalText
      .optional()
      .meta({ description: 'Mean tCO2 per 10⁴ CNY of its industry, for the grade of efficiency' }),
  }),
  (given) =>
    withBooks(given.data, (books) => {
      const shipped = gradePaths().find((path) => path.endsWith(join('grades', `${given.rule}.yaml`)))
      const rule = readGradeRule(shipped ?? given.rule)
      const months = monthNames(`${given.year}-01`, `${given.year}-12`)
      const statement = statementOf(stateOf(books.ledger(given.account)), months)
      const { missing, incomplete } = statement
      const records = liveRecords(books.records({ account: given.account })).map(({ record }) => record)
      const found = gradedMonths(statement, records, given.account, given.prices)
      if (found === undefined)
        throw new Fault('not-found', `${given.account} has no posted month in ${given.year}.`)
      const { tCo2, valueAdded: value } = found
      if (value === undefined)
        throw new Fault(
          'not-found',
          `Records do not state the value added of ${given.account} at prices "${given.prices}" for ${found.months.join(', ')}, all of them once and no others.`,
        )
      const mean = given['industry-mean']
      const graded = gradeOf(rule, tCo2, value, mean === undefined ? undefined : decimal(mean))
      if (graded === undefined) throw new Fault('not-found', 'Without value added there is no intensity.')
      const { level, efficiency } = graded
      console.log(`${rule.name.zh} ${rule.name.en} (${rule.document}; ${rule.confidence})`)
      console.log(
        `${presented(tCo2, 2)} tCO2 on ${presented(value, 0)} CNY of value added in ${found.months.join(', ')}`,
      )
      console.log(
        `L = ${presented(decimal(level.value), 3)} ${rule.level.unit}: ${level.step.name.zh} ${level.step.name.en}`,
      )
      if (efficiency !== undefined)
        console.log(
          `K = ${presented(decimal(efficiency.value), 3)}: ${efficiency.step.name.zh} ${efficiency.step.name.en}`,
        )
      if (missing.length > 0) console.log(`not posted: ${missing.join(', ')}`)
      if (incomplete.length > 0) console.log(`incomplete: ${bySource(incomplete)}`)
    }),
)
