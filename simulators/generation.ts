import { z } from 'zod'
import { identifier } from '#contract/identity.ts'

/** A park from a few lines: how many enterprises, of which kinds, how large. */

/** Kinds of enterprise, with the names that generated ones carry. */
export const enterpriseKinds = {
  'steel-processing': { zh: '钢材加工', en: 'Steel processing' },
  chemicals: { zh: '精细化工', en: 'Fine chemicals' },
  'food-processing': { zh: '食品加工', en: 'Food processing' },
  electronics: { zh: '电子制造', en: 'Electronics' },
  logistics: { zh: '物流园', en: 'Logistics park' },
  'data-centre': { zh: '数据中心', en: 'Data centre' },
  office: { zh: '办公楼', en: 'Office building' },
} as const

export type EnterpriseKind = keyof typeof enterpriseKinds

export const enterpriseKindNames = Object.keys(enterpriseKinds).filter(
  (name): name is EnterpriseKind => name in enterpriseKinds,
)

/** More would be more meters than one process serves. */
const ENTERPRISES_MAX = 2_000

export const generation = z
  .strictObject({
    enterprises: z.int().min(1).max(ENTERPRISES_MAX),
    mix: z
      .partialRecord(z.enum(enterpriseKindNames), z.number().min(0))
      .prefault({})
      .refine(
        (mix) => Object.keys(mix).length === 0 || Object.values(mix).some((weight) => weight > 0),
        'at least one kind above 0',
      )
      .meta({ description: 'Kinds by weight; all alike by default' }),
    size: z
      .tuple([z.number().positive(), z.number().positive()])
      .default([0.5, 2])
      .refine(([least, most]) => least <= most, 'the smaller first')
      .meta({ description: 'Smallest and largest, as a multiple of the usual enterprise of a kind' }),
    into: identifier.optional().meta({
      description: 'The flow of this scenario that feeds them; a main meter of their own by default',
    }),
    enterprisesPerGateway: z.int().min(1).max(32).default(4),
    host: z.string().min(1).default('127.0.0.1').meta({ description: 'Where the simulated meters answer' }),
    firstPort: z.int().min(1_024).max(60_000).default(16_020).meta({
      description: 'Modbus TCP port of the first enterprise; each has its own, one after the other',
    }),
    everySeconds: z.number().min(0.1).max(3_600).default(1),
    uplink: z.url({ protocol: /^mqtts?$/ }).default('mqtt://127.0.0.1:1883'),
  })
  .meta({ description: 'Enterprises that are generated beside those that are written' })

export type Generation = z.output<typeof generation>
