import { DECIMALS_MAX, decimalOfNano, NANO } from './amount.ts'
import type { MeterId } from './identity.ts'
import { isQuantityName, type QuantityName } from './quantities.ts'

/**
 * The formula of a meter that is not read but follows from others: sums, differences and fixed shares of their energy,
 * e.g. `steel-incoming - steel-drawing-line` or `35 % * (services-incoming - services-pv)`.
 *
 *   formula = term { ("+" | "-") term }        term = factor { "*" factor }
 *   factor  = number [ "%" ] | meter [ ":" quantity ] | "(" formula ")" | "-" factor
 *
 * A meter's name has hyphens, so a minus stands between blanks. `×` and `−` are taken too. Of two factors one is a number:
 * energy times energy is no energy, and a number alone would be energy that nobody measured.
 */
export interface Formula {
  readonly terms: readonly FormulaTerm[]
}

/** One input with its share: at most nine decimals, so that the result is exact. */
export interface FormulaTerm {
  readonly meter: MeterId
  /** Undefined: the quantity of the meter's register. */
  readonly quantity: QuantityName | undefined
  readonly isNegative: boolean
  /** A decimal above zero. */
  readonly share: string
}

/** What an expression comes to: a number, or shares of inputs by name; in 10⁻⁹. */
interface Linear {
  readonly constant: bigint
  readonly shares: ReadonlyMap<string, bigint>
}

class FormulaError extends Error {}

const token = /\s*(?:(\d+\.\d+|[a-z0-9]+(?:-[a-z0-9]+)*(?::[A-Za-z0-9.]+)?)|([-−+*×()%]))/uy
const number = /^\d+(?:\.\d+)?$/

function tokensOf(text: string): string[] {
  const tokens: string[] = []
  token.lastIndex = 0
  const end = text.trimEnd().length
  while (token.lastIndex < end) {
    const from = token.lastIndex
    const found = token.exec(text)
    if (found === null) throw new FormulaError(`"${text.slice(from).trim()}" cannot be read`)
    tokens.push((found[1] ?? found[2] ?? '').replace('−', '-').replace('×', '*'))
  }
  return tokens
}

function nanoOf(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.')
  if (fraction.length > DECIMALS_MAX) throw new FormulaError(`${text} has more than ${DECIMALS_MAX} decimals`)
  return BigInt(whole) * NANO + BigInt(fraction.padEnd(DECIMALS_MAX, '0'))
}

function product(a: bigint, b: bigint): bigint {
  if ((a * b) % NANO !== 0n) throw new FormulaError(`a share has more than ${DECIMALS_MAX} decimals`)
  return (a * b) / NANO
}

function scaled({ constant, shares }: Linear, by: bigint): Linear {
  return {
    constant: product(constant, by),
    shares: new Map([...shares].map(([name, share]) => [name, product(share, by)])),
  }
}

function added(a: Linear, b: Linear): Linear {
  const shares = new Map(a.shares)
  for (const [name, share] of b.shares) shares.set(name, (shares.get(name) ?? 0n) + share)
  return { constant: a.constant + b.constant, shares }
}

/** Reads the tokens from left to right. */
class Reader {
  readonly #tokens: readonly string[]
  #next = 0

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  whole(): Linear {
    const value = this.#sum()
    const rest = this.#tokens[this.#next]
    if (rest !== undefined) throw new FormulaError(`there is an operator missing before "${rest}"`)
    return value
  }

  #takes(wanted: string): boolean {
    if (this.#tokens[this.#next] !== wanted) return false
    this.#next += 1
    return true
  }

  #sum(): Linear {
    let value = this.#product()
    for (;;) {
      if (this.#takes('+')) value = added(value, this.#product())
      else if (this.#takes('-')) value = added(value, scaled(this.#product(), -NANO))
      else return value
    }
  }

  #product(): Linear {
    let value = this.#factor()
    while (this.#takes('*')) {
      const other = this.#factor()
      if (value.shares.size > 0 && other.shares.size > 0)
        throw new FormulaError('meters can be added and subtracted; one of two factors is a number')
      value = value.shares.size > 0 ? scaled(value, other.constant) : scaled(other, value.constant)
    }
    return value
  }

  #factor(): Linear {
    if (this.#takes('-')) return scaled(this.#factor(), -NANO)
    if (this.#takes('(')) {
      const value = this.#sum()
      if (!this.#takes(')')) throw new FormulaError('a ")" is missing')
      return value
    }
    const name = this.#tokens[this.#next]
    if (name === undefined || /^[-+*()%]$/.test(name))
      throw new FormulaError(`a meter or a number is missing${name === undefined ? '' : ` before "${name}"`}`)
    this.#next += 1
    if (!number.test(name)) return { constant: 0n, shares: new Map([[name, NANO]]) }
    const constant = this.#takes('%') ? product(nanoOf(name), NANO / 100n) : nanoOf(name)
    return { constant, shares: new Map() }
  }
}

function termOf(name: string, share: bigint): FormulaTerm {
  const [meter = '', quantity] = name.split(':')
  if (quantity !== undefined && !isQuantityName(quantity))
    throw new FormulaError(`there is no quantity "${quantity}"`)
  if (share === 0n) throw new FormulaError(`"${name}" cancels itself out`)
  return {
    meter,
    quantity,
    isNegative: share < 0n,
    share: decimalOfNano(share < 0n ? -share : share),
  }
}

/** The formula that a text says, or what is wrong with it. */
export function parseFormula(text: string): Formula | { readonly error: string } {
  try {
    const { constant, shares } = new Reader(tokensOf(text)).whole()
    if (constant !== 0n) throw new FormulaError('a number alone is no energy of a meter')
    if (shares.size === 0) throw new FormulaError('there is no meter in it')
    return { terms: [...shares].map(([name, share]) => termOf(name, share)) }
  } catch (error) {
    if (error instanceof FormulaError) return { error: error.message }
    throw error
  }
}

/** A way from a meter through formulas back to itself, by names; undefined where there is none. Such a meter has no value. */
export function wayBack(
  start: MeterId,
  inputsOf: (meter: MeterId) => readonly MeterId[],
): readonly MeterId[] | undefined {
  const seen = new Set<MeterId>()
  const wayFrom = (meter: MeterId, passed: readonly MeterId[]): readonly MeterId[] | undefined => {
    for (const input of inputsOf(meter)) {
      if (input === start) return [...passed, input]
      if (seen.has(input)) continue
      seen.add(input)
      const way = wayFrom(input, [...passed, input])
      if (way !== undefined) return way
    }
    return undefined
  }
  return wayFrom(start, [start])
}
