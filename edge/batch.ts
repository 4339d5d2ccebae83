import { SAMPLES_PER_BATCH_MAX, type Sample } from '#contract/messages.ts'

/** Keeps a payload below some 700 kB: common brokers refuse more than 1 MB by default. */
const VALUES_PER_BATCH_MAX = 10_000

/** Readings in a sample, bad ones too. */
export const readingsIn = ({ values, bad }: Sample): number =>
  Object.keys(values).length + (bad === undefined ? 0 : Object.keys(bad).length)

/** Splits samples, in order, into lists that fit into one message each; none for no samples. */
export function batchesOf(samples: readonly Sample[]): Sample[][] {
  const batches: Sample[][] = []
  let open: Sample[] = []
  let values = 0
  for (const sample of samples) {
    const more = readingsIn(sample)
    if (open.length > 0 && (open.length === SAMPLES_PER_BATCH_MAX || values + more > VALUES_PER_BATCH_MAX)) {
      batches.push(open)
      open = []
      values = 0
    }
    open.push(sample)
    values += more
  }
  if (open.length > 0) batches.push(open)
  return batches
}
