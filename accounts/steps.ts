/** Something long in steps: between two of them others may have their turn. */
export type Steps<Result> = Generator<undefined, Result>

/** Takes all steps at once. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value
  }
}

/** What is made of each of some, with a pause after every so many. */
export function* eachInSteps<Each, Made>(
  all: Iterable<Each>,
  atATime: number,
  make: (each: Each) => Made,
): Steps<Made[]> {
  const made: Made[] = []
  for (const each of all) {
    made.push(make(each))
    if (made.length % atATime === 0) yield undefined
  }
  return made
}
