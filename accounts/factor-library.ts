import { Fault } from '#contract/fault.ts'
import type {
  Basis,
  ElectricityFactor,
  ElectricitySeries,
  FactorFiles,
  FuelFactor,
  HeatFactor,
  OxidationFactor,
  ProcessFactor,
  StandardCoalFactor,
} from './factor.ts'

/** A factor, and by which rule it was taken: a statement shows both. */
export interface Chosen<F> {
  readonly factor: F
  /**
   * of-the-period: published for the period asked for. latest-published: the period has none yet, this is the newest
   * before it; when its own appears, the period is restated. vintage: the person who asked named the year.
   */
  readonly rule: 'of-the-period' | 'latest-published' | 'vintage'
}

/** Which electricity factor is wanted. */
export interface ElectricityWish {
  readonly region: string
  readonly series: ElectricitySeries
  /** Calendar year of the consumption. */
  readonly year: number
  /** Calculate with the factor of this year, whatever has been published since. */
  readonly vintage?: number
}

/** Which standard-coal coefficient is wanted. */
export interface StandardCoalWish {
  readonly subject: string
  readonly basis: Basis
  /** The standard that the statement follows, e.g. "gb2589-2008". */
  readonly edition: string
  /** First day of the period, e.g. "2026-03-01". */
  readonly day: string
  /** The edition was chosen for what it says, whether or not another has taken its place since. */
  readonly isChosen?: boolean
}

/** The factors of an installation, asked by what they are for. Nothing is ever taken from a neighbouring kind. */
export interface FactorLibrary {
  electricity(wish: ElectricityWish): Chosen<ElectricityFactor>
  standardCoal(wish: StandardCoalWish): StandardCoalFactor
  fuel(set: string, fuel: string): FuelFactor
  oxidation(set: string, equipment: string): OxidationFactor
  heat(subject: string, day: string): HeatFactor
  /** Undefined where no row has this code: a plan may have it among its own. */
  process(code: string, day: string): ProcessFactor | undefined
  /** What a set of fuel defaults is called, for the document of its values. */
  setName(set: string): string
}

interface Valid {
  readonly from?: string | undefined
  readonly to?: string | undefined
}

const holds = (valid: Valid | undefined, day: string): boolean =>
  (valid?.from === undefined || valid.from <= day) && (valid?.to === undefined || day < valid.to)

interface Superseding {
  readonly code: string
  readonly supersedes?: string | undefined
}

/** Which row took the place of which. */
function successors<R extends Superseding>(rows: readonly R[]): ReadonlyMap<string, R> {
  return new Map(rows.flatMap((row) => (row.supersedes === undefined ? [] : [[row.supersedes, row]])))
}

/** Rows that no other has taken the place of: the ends of the chains. */
function inForce<R extends Superseding>(rows: readonly R[]): readonly R[] {
  const replaced = successors(rows)
  return rows.filter(({ code }) => !replaced.has(code))
}

function missing(what: string): Fault {
  return new Fault('factor-missing', `There is no factor for ${what}.`)
}

/** The one row of a list; throws `factor-missing` for none and `factor-ambiguous` for several. */
function only<F extends { readonly code: string }>(rows: readonly F[], what: string): F {
  const [first, second] = rows
  if (first === undefined) throw missing(what)
  if (second !== undefined)
    throw new Fault('factor-ambiguous', `For ${what} both ${first.code} and ${second.code} hold.`)
  return first
}

/**
 * Makes the library. All questions throw `factor-missing` where there is no such factor, and `factor-ambiguous` where
 * two hold for one day.
 */
export function factorLibrary(files: FactorFiles): FactorLibrary {
  const { standardCoal, process } = files
  const coalSuccessors = successors(standardCoal.rows)
  const processSuccessors = successors(process.rows)
  const [fuels, electricity, heat] = [
    inForce(files.fuels.rows),
    inForce(files.electricity.rows),
    inForce(files.heat.rows),
  ]

  /** Rows of one edition, or where it has none, those that it keeps of an older one. */
  function coalRows(wish: StandardCoalWish, validity?: Valid): StandardCoalFactor[] {
    const { subject, basis, edition, day, isChosen = false } = wish
    const described = standardCoal.editions[edition]
    const own = standardCoal.rows.filter(
      (row) =>
        row.subject === subject &&
        row.basis === basis &&
        row.edition === edition &&
        coalSuccessors.get(row.code)?.edition !== edition,
    )
    // An inherited row holds for as long as the edition that keeps it.
    const valid = isChosen ? own : own.filter((row) => holds(validity ?? row.valid ?? described?.valid, day))
    const older = described?.inherits
    if (own.length > 0 || older === undefined) return valid
    if (!older.bases.includes(basis) || older.except.includes(subject)) return valid
    return coalRows({ ...wish, edition: older.edition }, validity ?? described?.valid ?? {}).map((row) => ({
      ...row,
      confidence: 'unverified',
      inheritedFrom: row.edition,
    }))
  }

  /** Asked for by every source of every month: some hundred answers in all. */
  const electricityChosen = new Map<string, Chosen<ElectricityFactor>>()

  function electricityOf({ region, series, year, vintage }: ElectricityWish): Chosen<ElectricityFactor> {
    const what = `electricity, ${series}, of ${region} in ${vintage ?? year}`
    const published = electricity.filter((row) => row.region === region && row.series === series)
    const wanted = vintage ?? year
    const exact = published.filter((row) => row.year === wanted)
    if (exact.length > 0) {
      return { factor: only(exact, what), rule: vintage === undefined ? 'of-the-period' : 'vintage' }
    }
    const before = published.filter((row) => row.year < wanted)
    const newest = Math.max(...before.map((row) => row.year))
    if (vintage !== undefined || before.length === 0) throw missing(what)
    return {
      factor: only(
        before.filter((row) => row.year === newest),
        what,
      ),
      rule: 'latest-published',
    }
  }

  return {
    electricity: (wish) => {
      const key = `${wish.region} ${wish.series} ${wish.year} ${wish.vintage ?? ''}`
      const chosen = electricityChosen.get(key) ?? electricityOf(wish)
      electricityChosen.set(key, chosen)
      return chosen
    },
    standardCoal: (wish) => {
      const { subject, basis, edition, day } = wish
      const what = `standard coal of ${subject} (${basis}) by ${edition} on ${day}`
      return only(coalRows(wish), what)
    },
    fuel: (set, fuel) =>
      only(
        fuels.filter((row) => row.set === set && row.fuel === fuel),
        `${fuel} in set ${set}`,
      ),
    oxidation: (set, equipment) => {
      const row = files.fuels.oxidation.find((each) => each.set === set && each.equipment === equipment)
      if (row === undefined) throw missing(`oxidation in a ${equipment} in set ${set}`)
      return row
    },
    heat: (subject, day) =>
      only(
        heat.filter((row) => row.subject === subject && holds(row.valid, day)),
        `${subject} on ${day}`,
      ),
    process: (code, day) => {
      // A source names the row that was there when the plan was made; those after it hold from their own days.
      const seen = new Set<string>()
      for (let row = process.rows.find((each) => each.code === code); row !== undefined;) {
        if (holds(row.valid, day) || seen.has(row.code)) return holds(row.valid, day) ? row : undefined
        seen.add(row.code)
        row = processSuccessors.get(row.code)
      }
      return undefined
    },
    setName: (set) => files.fuels.sets[set]?.name.zh ?? set,
  }
}
