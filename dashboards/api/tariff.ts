import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { accountCost, type ElectricitySources } from '#accounts/account-electricity.ts'
import { textOf, textOrNull } from '#accounts/decimal.ts'
import type { Charge } from '#accounts/tariff/charge.ts'
import type { ElectricityCost } from '#accounts/tariff/electricity-cost.ts'
import type { Tariff } from '#accounts/tariff/tariff.ts'
import { Fault } from '#contract/fault.ts'
import { monthOf, startOfDay, type Period } from '#contract/grid.ts'
import { identifier } from '#contract/identity.ts'
import { electricityCostShape, type ElectricityCostShape } from './electricity-shapes.ts'

const chargeOf = (value: Charge): ElectricityCostShape['total'] =>
  value.state === 'known'
    ? { cny: textOf(value.cny), notAvailable: [] }
    : { cny: null, notAvailable: [...value.why] }

/** A cost as it is published. */
export function costShapeOf(
  account: string,
  period: Period,
  { tariff, cost }: { readonly tariff: Tariff; readonly cost: ElectricityCost },
): ElectricityCostShape {
  const { demand, adjustment, basic, powerFactorCharge } = cost
  return {
    account,
    ...period,
    tariff: { id: tariff.id, name: tariff.name },
    kwh: textOrNull(cost.kwh),
    known: cost.known,
    missing: cost.missing,
    lines: cost.lines.map(({ period, kwh, known, missing, cnyPerKwh, cny, schedule, price }) => ({
      period: period ?? null,
      kwh: textOrNull(kwh),
      known,
      missing,
      cnyPerKwh: textOrNull(cnyPerKwh),
      cny: textOrNull(cny),
      schedule:
        schedule === undefined
          ? null
          : { from: schedule.from, document: schedule.document, confidence: schedule.confidence },
      price: price === undefined ? null : { document: price.document, confidence: price.confidence },
    })),
    demand: demand === undefined ? null : { ...demand, kw: textOf(demand.kw) },
    powerFactor: textOrNull(cost.powerFactor),
    adjustment:
      adjustment === undefined
        ? null
        : {
            percent: textOf(adjustment.percent),
            confidence: adjustment.confidence,
            otherwise: textOrNull(adjustment.otherwise),
          },
    energyCharge: chargeOf(cost.energyCharge),
    basic:
      basic === undefined
        ? null
        : {
            by: basic.by ?? null,
            demandKw: textOrNull(basic.demandKw),
            contractKw: textOrNull(basic.contract?.contractKw),
            beyondKw: textOrNull(basic.contract?.beyondKw),
          },
    basicCharge: basic === undefined ? null : chargeOf(basic.charge),
    powerFactorCharge: powerFactorCharge === undefined ? null : chargeOf(powerFactorCharge),
    total: chargeOf(cost.total),
  }
}

/** Where an account and a month are named in an address. */
export const accountMonthParams = z.object({ account: identifier })
export const accountMonthQuery = z.object({
  month: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month, e.g. "2026-03"'),
})

/** A month of the park's calendar by its name. Throws `request-invalid` for one before 1970. */
export function monthNamed(month: string, timeZone: string): Period {
  const fromMs = startOfDay(`${month}-01`, timeZone)
  if (fromMs < 0) throw new Fault('request-invalid', `/month: ${month} is before 1970.`)
  return monthOf(fromMs, timeZone)
}

/** /api/v1/accounts/:account/electricity-cost */
export function tariffApi(app: FastifyInstance, sources: () => ElectricitySources): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/v1/accounts/:account/electricity-cost',
    {
      config: { access: { needs: 'read', within: { account: 'account' } } },
      schema: {
        params: accountMonthParams,
        querystring: accountMonthQuery,
        response: { 200: electricityCostShape },
      },
    },
    (request) => {
      const { account } = request.params
      const given = sources()
      const period = monthNamed(request.query.month, given.park.description.timeZone)
      return costShapeOf(account, period, accountCost(given, account, period))
    },
  )
}
