import { Fault } from '#contract/fault.ts'
import type { Period } from '#contract/grid.ts'
import type { Park } from '#contract/park.ts'
import type { Books } from '#store/port.ts'
import type { AccountingPlan, MeasuredTerm } from './accounting-plan.ts'
import { decimal, type Decimal } from './decimal.ts'
import { hourProfile, loadFigures, type LoadFigures, type ProfileDay } from './load/load-figures.ts'
import type { LoadRule } from './load/load-rule.ts'
import { slotEnergies } from './load/slot-energy.ts'
import { measuredEnergy } from './measured-energy.ts'
import { electricityCost, type ElectricityCost, type ReactiveEnergy } from './tariff/electricity-cost.ts'
import type { ContractedDemandRule } from './tariff/contracted-demand.ts'
import type { PowerFactorTable } from './tariff/power-factor.ts'
import { tariffClock } from './tariff/tariff-clock.ts'
import type { Tariff } from './tariff/tariff.ts'

/** The purchased electricity of an account: its bill and its load, from plan and books. */

export interface ElectricitySources {
  readonly park: Park
  readonly plan: AccountingPlan
  readonly tariffs: ReadonlyMap<string, Tariff>
  readonly powerFactors: PowerFactorTable
  readonly contractRule: ContractedDemandRule
  readonly loadRule: LoadRule
  readonly books: Pick<Books, 'intervals' | 'sumsOver'>
  readonly nowMs: number
}

type Account = AccountingPlan['accounts'][number]

const decimalOf = (text: string | undefined): Decimal | undefined =>
  text === undefined ? undefined : decimal(text)

function plannedAccount(plan: AccountingPlan, id: string): Account {
  const account = plan.accounts.find((each) => each.account === id)
  if (account === undefined) throw new Fault('not-found', `The accounting plan has no account ${id}.`)
  return account
}

/** Meters of the account's purchased electricity with their shares. */
function purchasedTerms({ account, sources }: Account): MeasuredTerm[] {
  const terms = sources.flatMap((source) => (source.kind === 'electricity-purchased' ? source.measured : []))
  if (terms.length === 0)
    throw new Fault('not-found', `No meter measures what ${account} buys of electricity.`)
  return terms
}

/** Active and reactive energy of a single incomer: registers of several do not make one power factor. */
function reactiveOf(
  { park, books, nowMs }: ElectricitySources,
  [term, ...others]: readonly MeasuredTerm[],
  period: Period,
): ReactiveEnergy | undefined {
  const meter = term === undefined ? undefined : park.meters.get(term.meter)
  if (meter === undefined || term?.share !== '1' || others.length > 0) return undefined
  const active = measuredEnergy(books, meter, period, nowMs)
  const forward = measuredEnergy(books, meter, period, nowMs, 'reactiveEnergyImport.total')
  const reverse = measuredEnergy(books, meter, period, nowMs, 'reactiveEnergyExport.total')
  if (active.energy === undefined || forward.energy === undefined || reverse.energy === undefined)
    return undefined
  return {
    activeKwh: active.energy,
    forwardKvarh: forward.energy,
    reverseKvarh: reverse.energy,
    missing: active.missing + forward.missing + reverse.missing,
  }
}

/**
 * The bill of a billing month. Throws `not-found` where there is no such account, no meter of purchased electricity, or
 * no tariff named in the plan.
 */
export function accountCost(
  sources: ElectricitySources,
  id: string,
  period: Period,
): {
  readonly tariff: Tariff
  readonly cost: ElectricityCost
  readonly contractRule: ContractedDemandRule
} {
  const { park, plan, tariffs, powerFactors, contractRule, books, nowMs } = sources
  const account = plannedAccount(plan, id)
  const tariff = account.tariff === undefined ? undefined : tariffs.get(account.tariff)
  if (tariff === undefined) throw new Fault('not-found', `The accounting plan names no tariff of ${id}.`)
  const terms = purchasedTerms(account)
  const cost = electricityCost({
    slots: slotEnergies(books, park, terms, period, nowMs),
    // A share of a meter, or one that is taken away, is no incomer whose demand could be measured.
    incomers:
      terms.length > 1 && terms.every(({ share }) => share === '1')
        ? terms.map((term) => slotEnergies(books, park, [term], period, nowMs))
        : undefined,
    tariff,
    prices: account.prices,
    transformerKva: decimalOf(account.transformerKva),
    contractKw: decimalOf(account.demandContractKw),
    contractRule,
    reactive: reactiveOf(sources, terms, period),
    powerFactorStandard: account.powerFactorStandard,
    powerFactors,
  })
  return { tariff, cost, contractRule }
}

/** Load figures and the profile by hour and day. Throws `not-found` as `accountCost`, but needs no tariff. */
export function accountLoad(
  sources: ElectricitySources,
  id: string,
  period: Period,
): { readonly figures: LoadFigures; readonly profile: readonly ProfileDay[] } {
  const { park, plan, tariffs, loadRule, books, nowMs } = sources
  const account = plannedAccount(plan, id)
  const tariff = account.tariff === undefined ? undefined : tariffs.get(account.tariff)
  const slots = slotEnergies(books, park, purchasedTerms(account), period, nowMs)
  const { timeZone } = park.description
  return {
    figures: loadFigures(slots, {
      timeZone,
      rule: loadRule,
      contractKw: decimalOf(account.demandContractKw),
      tariffAt: tariff === undefined ? undefined : tariffClock(tariff),
    }),
    profile: hourProfile(slots, timeZone),
  }
}
