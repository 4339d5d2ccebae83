import { setImmediate as turn } from 'node:timers/promises'

/** Takes the steps of something long, with whatever else waits between them. */
export async function inSteps<Result>(steps: Generator<unknown, Result>): Promise<Result> {
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value
    await turn()
  }
}
