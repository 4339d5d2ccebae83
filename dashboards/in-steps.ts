import { setImmediate as turn } from 'node:timers/promises'

/** Steps that follow one another without anything else having its turn. */
const STEPS_MS = 20

/**
 * Takes the steps of something long, with whatever else waits between some of them: not between all, because each time
 * may be a long one where much is to be done.
 */
export async function inSteps<Result>(steps: Generator<unknown, Result>): Promise<Result> {
  let startMs = performance.now()
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value
    if (performance.now() - startMs < STEPS_MS) continue
    await turn()
    startMs = performance.now()
  }
}
