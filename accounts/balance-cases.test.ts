import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { balanceIn, groundOf, readYaml, tableOf } from './balance.test-support.ts'
import { isEmpty } from './balance-figure.ts'
import { presented } from './decimal.ts'

/** Cases as an energy manager reads them: what the meters measured, and the tables that follow. */
const amounts = z.record(z.string(), z.union([z.string(), z.tuple([z.string(), z.string()])]))
const balanceCase = z.strictObject({
  period: z.string(),
  measured: z.record(z.string(), z.string()),
  expect: z.record(
    z.string(),
    z.strictObject({
      rows: z.record(z.string(), amounts),
      closes: z.record(z.string(), z.strictObject({ verdict: z.string(), allowed: z.number() })),
    }),
  ),
})

const files = readdirSync(new URL('cases/', import.meta.url)).filter((file) => file.startsWith('balance-'))

describe.each(files)('%s', (file) => {
  const given = balanceCase.parse(readYaml(`cases/${file}`))
  const balance = balanceIn(
    groundOf((meter) => given.measured[meter.id]),
    given.period,
  )
  test.each(Object.entries(given.expect))('the table of %s', (scope, expected) => {
    const { lines, closures } = tableOf(balance, scope === 'park' ? undefined : scope)
    const found = lines.flatMap(({ row, cells, total }) => {
      const filled = [...cells].filter(([, { figure }]) => !isEmpty(figure))
      const { calorific, equal } = total.coal
      const tce =
        calorific === undefined || equal === undefined
          ? {}
          : { tce: [presented(calorific, 3), presented(equal, 3)] }
      const amounts = filled.map(([item, { figure }]) => [
        item,
        figure.amount === undefined ? 'missing' : presented(figure.amount, 2),
      ])
      return filled.length === 0 ? [] : [[row.id, { ...Object.fromEntries(amounts), ...tce }]]
    })
    expect(Object.fromEntries(found)).toEqual(expected.rows)
    const closed = [...closures].map(([item, { verdict, allowed }]) => [
      item,
      { verdict, allowed: Number(allowed?.toFixed(1)) },
    ])
    expect(Object.fromEntries(closed)).toEqual(expected.closes)
  })
})
