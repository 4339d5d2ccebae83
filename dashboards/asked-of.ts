import { Fault } from '#contract/fault.ts'
import type { Park } from '#contract/park.ts'

/** What every address below an account asks first. */

/** Throws `not-found` in a park that has no accounting plan, and with it none of this. */
export function requirePlan<T>(given: T | undefined): asserts given is T {
  if (given === undefined) throw new Fault('not-found', 'This park has no accounting plan.')
}

/** Throws `not-found` for what is neither the park nor an enterprise of it. */
export function requireAccount({ description }: Park, account: string): void {
  if (![description, ...description.enterprises].some(({ id }) => id === account))
    throw new Fault('not-found', `The park has no account "${account}".`)
}
