import { expect, test } from 'vitest'
import { z } from 'zod'
import { accountingRecord } from '#contract/accounting-record.ts'
import { NO_SLOTS } from '#contract/energy-sum.ts'
import { quantityName, quantityOf } from '#contract/quantities.ts'
import { accountMonthOf } from '../account-month.ts'
import { readYaml } from '../balance.test-support.ts'
import { decimal, textOf } from '../decimal.ts'
import { parkWithCounter, planOfBottles } from './counted-product.test-support.ts'
import { outputOf } from './product-output.ts'

const days = accountMonthOf('2026-03', 'Asia/Shanghai')
const SLOTS = 2_976

const { cases } = z
  .strictObject({
    cases: z.array(
      z.strictObject({
        name: z.string(),
        register: quantityName,
        unit: z.string(),
        installed: z.string().default('2026-02-01T00:00:00+08:00'),
        counted: z
          .strictObject({
            total: z.string().optional(),
            expected: z.int().default(SLOTS),
            missing: z.int().default(0),
            undecided: z.int().default(0),
          })
          .optional(),
        records: z.array(z.record(z.string(), z.string())).default([]),
        expect: z.strictObject({
          total: z.string().nullable(),
          complete: z.boolean(),
          conflict: z.literal(true).optional(),
          why: z.string().optional(),
        }),
      }),
    ),
  })
  .parse(readYaml('cases/production-by-meter.yaml'))

test.each(cases)('Production $name', ({ register, unit, installed, counted, records, expect: expected }) => {
  const park = parkWithCounter({ register, installed })
  const plan = planOfBottles(unit)
  const entered = records.map((record) =>
    accountingRecord.parse({
      kind: 'production',
      account: 'works',
      product: 'bottles',
      unit,
      document: 'D',
      by: 'office',
      ...record,
    }),
  )
  const { conflict, why, ...found } = outputOf(
    {
      park,
      plan,
      measuredIn: (meter, period) => {
        if (counted === undefined) throw new Error('no meter is asked')
        const { total, expected, missing, undecided } = counted
        return {
          ...period,
          meter,
          quantity: register,
          unit: quantityOf(register).unit,
          energy: total === undefined ? undefined : decimal(total),
          expected,
          missing,
          sum: { ...NO_SLOTS, known: expected - missing, undecided },
        }
      },
    },
    entered,
    { account: 'works', product: 'bottles', unit },
    days,
  )
  expect({
    total: found.total === undefined ? null : textOf(found.total),
    complete: found.complete,
    ...(conflict === undefined ? {} : { conflict }),
    ...(why === undefined ? {} : { why }),
  }).toEqual(expected)
})
