import { indexPark, parkDescription, type Park } from '#contract/park.ts'
import { accountingPlan, type AccountingPlan } from '../accounting-plan.ts'

const name = { zh: '名', en: 'Name' }

/** A works whose only meter counts its bottles; what the meter is beside that is given. */
export const parkWithCounter = (meter: Readonly<Record<string, unknown>>): Park =>
  indexPark(
    parkDescription.parse({
      id: 'park',
      name,
      timeZone: 'Asia/Shanghai',
      gateways: [{ id: 'gateway', name }],
      enterprises: [
        {
          id: 'works',
          name,
          meters: [
            {
              id: 'counter',
              name,
              carrier: 'product',
              role: 'product-count',
              gateway: 'gateway',
              register: 'productCount',
              ratingPerHour: 3_000,
              installed: '2026-02-01T00:00:00+08:00',
              ...meter,
            },
          ],
        },
      ],
    }),
  )

/** Its plan, with bottles in a unit. */
export const planOfBottles = (unit: string): AccountingPlan =>
  accountingPlan.parse({
    park: 'park',
    revision: '1',
    standardCoal: { edition: 'gb2589-2020' },
    accounts: [
      {
        account: 'works',
        sector: 'industry',
        fuelSet: 'S1',
        electricityRegion: 'tianjin',
        products: [{ id: 'bottles', name, unit, meter: 'counter' }],
      },
    ],
  })
