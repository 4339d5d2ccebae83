import type { Carrier } from './carriers.ts'
import { families, places, type Family } from './families.ts'
import type { LocalName } from './identity.ts'
import type { Unit } from './units.ts'

/**
 * The catalogue of quantities: everything that a meter can report, each with one canonical unit and one meaning.
 * A quantity's name is `family` or `family.place`, e.g. `activePower.total`, `voltage.l1`, `steamMass`.
 *
 * Without schemas, which take longer to load than all the rest: for threads that need no more. All others take it from
 * quantities.ts.
 */

type Families = typeof families
type FamilyName = keyof Families

/** The name of a quantity, e.g. "activePower.total" or "steamMass". */
export type QuantityName = {
  [F in FamilyName]: Families[F] extends { places: readonly (infer P extends string)[] } ? `${F}.${P}` : F
}[FamilyName]

/** One quantity of the catalogue. */
export interface Quantity {
  readonly name: QuantityName
  readonly symbol: string
  readonly unit: Unit
  readonly kind: 'cumulative' | 'instantaneous'
  readonly carrier: Carrier
  readonly label: LocalName
  readonly positive: string | undefined
}

function isBuiltFromTables(name: string): name is QuantityName {
  const [family = '', place] = name.split('.')
  return family in families && (place === undefined || place in places)
}

function* namesOf(
  family: string,
  at: readonly (keyof typeof places)[] | undefined,
): Generator<[string, LocalName?]> {
  if (at === undefined) yield [family]
  else for (const place of at) yield [`${family}.${place}`, places[place]]
}

function expand(): Map<string, Quantity> {
  const expanded = new Map<string, Quantity>()
  for (const [familyName, family] of Object.entries<Family>(families)) {
    for (const [name, place] of namesOf(familyName, family.places)) {
      if (!isBuiltFromTables(name)) throw new RangeError(`the catalogue cannot hold "${name}"`)
      expanded.set(name, {
        name,
        symbol: family.symbol,
        unit: family.unit,
        kind: family.kind,
        carrier: family.carrier,
        positive: family.positive,
        label:
          place === undefined
            ? family.name
            : { zh: `${family.name.zh}（${place.zh}）`, en: `${family.name.en}, ${place.en}` },
      })
    }
  }
  return expanded
}

const catalogue = expand()

/** All quantities in the order of the catalogue. */
export const quantities: readonly Quantity[] = [...catalogue.values()]

/** True for the name of a quantity of the catalogue. */
export function isQuantityName(name: string): name is QuantityName {
  return catalogue.has(name)
}

/** A quantity by its name. */
export function quantityOf(name: QuantityName): Quantity {
  const quantity = catalogue.get(name)
  if (quantity === undefined) throw new RangeError(`no quantity "${name}"`)
  return quantity
}
