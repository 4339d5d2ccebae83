import { Journal } from '../journal.ts'
import { frequencyAt } from './samples.ts'

/**
 * A program for the journal's crash test: appends until it is killed, and prints the place and digest of every row
 * after `append` has returned. Argument: the file.
 */
const journal = Journal.open({
  file: process.argv[2] ?? '',
  gateway: 'crash-test',
  graceMs: 0,
  clock: { wallMs: () => 1_000 },
})
for (let count = 1; ; count += 1) {
  const [row] = journal.append([frequencyAt(count, { value: 50 + count / 1_000 })])
  process.stdout.write(`${row?.place} ${row?.digest}\n`)
  // Lets the line out before the next write.
  await new Promise((resolve) => setImmediate(resolve))
}
