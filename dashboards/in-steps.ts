import { setImmediate as turn } from 'node:timers/promises'

/** Takes the steps of something long, with whatever else waits between them. */
export async function inSteps<Result>(steps: Generator<unknown, Result>): Promise<Result> {
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value
    await turn()
  }
}

/** What is made of each of some, one a step. */
export function* eachOf<Each, Made>(
  all: readonly Each[],
  make: (each: Each) => Made,
): Generator<undefined, Made[]> {
  const made: Made[] = []
  for (const each of all) {
    made.push(make(each))
    yield undefined
  }
  return made
}
