import { z } from 'zod'
import { resolution } from '#contract/amount.ts'
import { carrierNames } from '#contract/carriers.ts'
import { quantityName } from '#contract/quantities.ts'
import { reportedUnits, type ReportedUnit } from '#contract/units.ts'
import { encoding, textEncoding, wordOrder } from './encodings.ts'

/** The shape of profiles/*.yaml: what one model's registers mean, one line a register. */

export const readFunction = z.union([z.literal(3), z.literal(4)])
export type ReadFunction = z.infer<typeof readFunction>

const reportedUnit = z.enum(
  Object.keys(reportedUnits).filter((unit): unit is ReportedUnit => unit in reportedUnits),
)
const wireAddress = z.int().min(0).max(0xffff).meta({ description: 'Address on the wire, counted from 0' })

/** At most eight registers of bits: the largest encoding. */
const bitPattern = z
  .string()
  .regex(/^0x[0-9A-Fa-f]{4,32}$/, 'bits such as "0x8000", all digits of the value’s registers')

const notAvailable = z.array(z.union([z.number(), bitPattern, z.literal('NaN')])).meta({
  description: 'Values that mean "no value": numbers before scale, "NaN", or bits as text, e.g. "0x8000"',
})

const scale = z
  .string()
  .refine(
    (text) => resolution.safeParse(text.replace(/^-/, '')).success,
    'a decimal other than zero, e.g. "0.1" or "-1"',
  )
  .meta({
    description:
      'Value = raw × scale, as a decimal text; negative where the meter counts the other way round',
  })

const ratioName = z.enum(['current', 'voltage'])
export type RatioName = z.infer<typeof ratioName>

/** Where a value lies and how it is written; what is left out is that of `defaults`. */
const placed = {
  at: wireAddress,
  as: encoding.optional(),
  order: wordOrder.optional(),
  function: readFunction.optional(),
}

const power = z.int().min(-9).max(9)

/** The scale factor of SunSpec: a signed register n, by which the value is raw × 10ⁿ × scale. */
const exponent = z.strictObject({
  at: wireAddress,
  from: power.meta({ description: 'The least n that the documents allow; less is no value' }),
  to: power.meta({ description: 'The greatest n that the documents allow; more is no value' }),
  usual: power.meta({ description: 'What it holds as a rule: simulated meters do' }),
})

export const registerLine = z.strictObject({
  ...placed,
  unit: reportedUnit
    .optional()
    .meta({ description: 'Unit of the value after scale; the canonical one by default' }),
  scale: scale.optional(),
  resolution: resolution.optional().meta({
    description: 'For a cumulative float: the step, in the canonical unit, in which it is counted',
  }),
  wrapsAt: z.int().min(2).optional().meta({
    description:
      'The number, before scale, at which a cumulative register starts again from zero, e.g. 100000000 for eight digits; where the documents say so',
  }),
  ratios: z
    .array(ratioName)
    .optional()
    .meta({ description: 'Multiply by the transformer ratios of the site' }),
  exponent: exponent.optional().meta({
    description: 'A register that says how many decimals the value has; it is read in the same request',
  }),
  notAvailable: notAvailable.optional(),
})

export const identityName = z.enum(['make', 'model', 'type', 'serial', 'version'])

const identityLine = z.strictObject({
  is: identityName.meta({ description: 'What the register tells' }),
  at: wireAddress,
  as: z.union([encoding, textEncoding]),
  words: z.int().min(1).max(125).optional().meta({ description: 'For texts: registers taken' }),
  order: wordOrder.optional(),
  function: readFunction.optional(),
  expect: z
    .union([z.int(), z.string().min(1)])
    .optional()
    .meta({ description: 'What this model answers, where the documents say so' }),
})

const ratioLine = z.strictObject({ ...placed, scale: scale.optional() })

export const profileFile = z.strictObject({
  make: z.string().min(1),
  model: z.string().min(1),
  carrier: z.enum(carrierNames),
  evidence: z.strictObject({
    grade: z.enum(['H', 'M', 'L']).meta({ description: 'H: manual and an independent implementation agree' }),
    source: z.string().min(1),
    note: z.string().optional(),
  }),
  manual: z.string().min(1).optional().meta({
    description:
      'How the maker’s documents count registers, e.g. "counts from 1"; addresses here are those on the wire',
  }),
  factory: z
    .strictObject({
      unit: z.int().min(1).max(254).optional(),
      baudRate: z.int().min(300).max(4_000_000).optional(),
      parity: z.enum(['none', 'even', 'odd']).optional(),
      stopBits: z.union([z.literal(1), z.literal(2)]).optional(),
    })
    .optional()
    .meta({ description: 'Serial settings with which the meter leaves the factory' }),
  defaults: z.strictObject({
    function: readFunction,
    as: encoding,
    order: wordOrder.default('ABCD'),
    notAvailable: notAvailable.default([]).meta({
      description: 'For the registers of the default encoding: values that mean "no value"',
    }),
  }),
  limits: z.strictObject({
    registersPerRequest: z.int().min(1).max(125),
    bridgeGaps: z
      .int()
      .min(0)
      .max(124)
      .meta({ description: 'Registers that may be read over between two values' }),
    pauseMs: z
      .int()
      .min(0)
      .default(0)
      .meta({ description: 'Quiet time that the meter needs between requests' }),
    answerMs: z
      .int()
      .min(1)
      .optional()
      .meta({ description: 'How long the meter may take to answer, where the documents say so' }),
    forbidden: z
      .array(z.tuple([wireAddress, wireAddress]))
      .default([])
      .meta({ description: 'Address ranges, both ends included, that answer with an exception' }),
  }),
  ratioRegisters: z
    .strictObject({ current: ratioLine.optional(), voltage: ratioLine.optional() })
    .default({})
    .meta({
      description:
        'Registers that hold the transformer ratios set in the meter, to be compared with those of the gateway file',
    }),
  identity: z
    .array(identityLine)
    .default([])
    .meta({ description: 'Registers by which the model can be recognised' }),
  registers: z.partialRecord(quantityName, registerLine),
})

export type ProfileFile = z.infer<typeof profileFile>
export type RegisterLine = z.infer<typeof registerLine>
