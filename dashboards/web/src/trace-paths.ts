/** Addresses of the trace page: each figure has one that can be sent to whoever is to check it. */

const join = (...parts: readonly (string | number | undefined)[]): string =>
  `/trace/${parts.filter((part) => part !== undefined).join('/')}`

/** A day of a meter, or one slot of it; of another register than the meter's own where it is named. */
export const meterTrace = (meter: string, day: string, slotMs?: number, quantity?: string): string =>
  join('meters', meter, day, slotMs) + (quantity === undefined ? '' : `?quantity=${quantity}`)

/** Stands for the whole park, which is no enterprise. */
export const WHOLE_PARK = 'all'

/** A workshop or equipment of an enterprise. */
export const nodeScope = (enterprise: string, node: string): string => `${enterprise}~${node}`

interface EnergyTotalName {
  /** An enterprise, a node of it, the park's own by its id, or all of the park. */
  readonly scope: string
  readonly carrier: string
  readonly flow: string
  readonly from: string
  readonly to: string
}

/** A total of meters over some days, both included. */
export const energyTrace = ({ scope, carrier, flow, from, to }: EnergyTotalName): string =>
  join('energy', scope, carrier, flow, from, to)

/** A power now: of an enterprise, or of all of the park. */
export const powerTrace = (scope: string, flow: 'in' | 'produced'): string => join('power', scope, flow)

/** The electricity of an account in a month with its cost. */
export const costTrace = (account: string, month: string): string => join('cost', account, month)

/** Emissions of a day so far: of all accounts that the viewer sees. */
export const dayTrace = (day: string): string => join('co2', day)

/** The statement of an account over a month ("2026-03") or a year ("2026"). */
export const accountTrace = (account: string, period: string): string => join('accounts', account, period)

/** A posting of an account: its month and source, and a day of one of its meters. */
export const postingTrace = (
  posting: { readonly account: string; readonly month: string; readonly source: string },
  meter: string,
  day: string,
  slotMs?: number,
): string => join('accounts', posting.account, posting.month, posting.source, meter, day, slotMs)

/** A cell of a balance table; `account` undefined is the whole park. */
export const balanceTrace = (
  account: string | undefined,
  period: string,
  cell: { readonly row: string; readonly item: string },
): string => join('balance', account ?? WHOLE_PARK, period, cell.row, cell.item)

/** A line of the energy statistics: an account, or a workshop or equipment of it, and an energy item. */
export const statisticsTrace = (path: readonly string[], period: string, item: string): string =>
  join('statistics', path.join('~'), period, item)

/** Emissions of all accounts over a year, or a part of it. */
export const parkCarbonTrace = (period: string): string => join('carbon', period)
