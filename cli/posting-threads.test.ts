import { pino, type Logger } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AccountingPlan } from '#accounts/accounting-plan.ts'
import { factorLibrary } from '#accounts/factor-library.ts'
import type { FactorFiles } from '#accounts/factor.ts'
import { indexPark, type Park } from '#contract/park.ts'
import { readFactorFiles } from './factor-files.ts'
import { proveLedgers } from './ledger-proof.ts'
import { PostingLoop } from './posting.ts'
import { at, march, planWith, PostingBench, slotOf, smallPark } from './posting.test-support.ts'
import { PostingThreads } from './posting-threads.ts'

/** As many enterprises as have more months than one thread posts alone. */
const ENTERPRISES = 40

const [steel] = smallPark.description.enterprises
if (steel === undefined) throw new RangeError('the park has enterprises')
const ids = Array.from({ length: ENTERPRISES }, (_, index) => `works-${index}`)
const park: Park = indexPark({
  ...smallPark.description,
  enterprises: ids.map((id) => ({
    ...steel,
    id,
    meters: steel.meters.map((meter) => ({ ...meter, id: `${id}-incoming` })),
  })),
})
const plan: AccountingPlan = {
  ...planWith(),
  accounts: ids.flatMap((id) =>
    planWith()
      .accounts.slice(0, 1)
      .map((account) => ({
        ...account,
        account: id,
        sources: account.sources.map((source) => ({
          ...source,
          measured: source.measured.map((term) => ({ ...term, meter: `${id}-incoming` })),
        })),
      })),
  ),
}

/** A factor of the region for the year, where there was none. */
function changed(files: FactorFiles): FactorFiles {
  const [row] = files.electricity.rows
  if (row === undefined) throw new RangeError('no factor')
  const of = { region: 'tianjin', series: 'average', year: 2026, value: '0.65' } as const
  const added = { ...row, ...of, code: 'grid/tianjin/average/2026' }
  return { ...files, electricity: { ...files.electricity, rows: [...files.electricity.rows, added] } }
}

let benches: PostingBench[]
beforeEach(() => {
  benches = [0, 1].map(() => {
    const bench = new PostingBench()
    for (const [index, id] of ids.entries()) {
      const day = { fromMs: march.fromMs, toMs: march.fromMs + 86_400_000 }
      bench.fill(`${id}-incoming`, day, 1_000 + index)
    }
    return bench
  })
})
afterEach(() => {
  for (const bench of benches) bench.remove()
})

/** One turn of the loop, on one thread or several. Returns how many threads were begun. */
async function posted(
  bench: PostingBench,
  files: FactorFiles,
  count: number,
  { program, log = pino({ level: 'silent' }) }: { readonly program?: URL; readonly log?: Logger } = {},
): Promise<number> {
  const { books, clock, file, rules } = bench
  const { items, assumptions } = rules
  const data = { file, park: park.description, plan, factors: files, items, assumptions }
  let begun = 0
  const threads = (): PostingThreads => {
    begun += count
    return new PostingThreads(data, count, log, program)
  }
  await new PostingLoop({
    books,
    park,
    plan,
    rules: { ...rules, library: factorLibrary(files) },
    clock,
    log,
    quietMs: 0,
    threads: count === 0 ? undefined : threads,
  }).work(Number.MAX_SAFE_INTEGER)
  return begun
}

/** A log of which a test reads what was said. */
function noted(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = []
  return { log: pino({ level: 'warn' }, { write: (line: string) => lines.push(line) }), lines }
}

/** Whole entries, with their hashes; bodies alone of the account that is closed with another key in each bench. */
const ledgers = ({ books }: PostingBench) =>
  ids.map((id) => {
    const entries = books.ledger(id)
    const isClosed = entries.some(({ body }) => body.kind === 'closing')
    const said = entries.map(({ body }) => (body.kind === 'closing' ? body.month : body))
    return [isClosed ? said : entries, books.postingProgress(id)]
  })

test('threads post to the letter what one posts alone: at first, after another factor, and after late data', async () => {
  const [alone, together] = benches
  if (alone === undefined || together === undefined) throw new RangeError('two benches')
  const both = async (files: FactorFiles): Promise<number[]> => {
    const begun = [await posted(alone, files, 0), await posted(together, files, 2)]
    expect(ledgers(together)).toEqual(ledgers(alone))
    return begun
  }
  const files = readFactorFiles()
  expect(await both(files)).toEqual([0, 2])
  for (const bench of benches) {
    bench.close('works-3', '2026-03')
    bench.record(
      slotOf('works-3-incoming', march.fromMs, 7_000),
      slotOf('works-4-incoming', march.fromMs, 8_000),
    )
  }
  expect(await both(changed(files))).toEqual([0, 2])
  expect(together.kinds('works-5').filter((kind) => kind === 'reversal')).toHaveLength(2)
  const { findings, count } = proveLedgers(together.books, changed(files), together.rules, undefined, {
    nowMs: together.clock.wallMs(),
  })
  expect(findings).toEqual([])
  expect(count.postings).toBeGreaterThan(3 * ENTERPRISES)
})

test('what threads cannot do is done without them', async () => {
  const [alone, together] = benches
  if (alone === undefined || together === undefined) throw new RangeError('two benches')
  const files = readFactorFiles()
  await posted(alone, files, 0)
  const failing = new URL('data:text/javascript,throw new Error("no room")')
  const { log, lines } = noted()
  expect(await posted(together, files, 1, { program: failing, log })).toBe(1)
  expect(ledgers(together)).toEqual(ledgers(alone))
  expect(lines.join('')).toContain('no room')
})

test('why a thread could not do its task, or could not begin, is in the log', async () => {
  const [, bench] = benches
  if (bench === undefined) throw new RangeError('two benches')
  const { items, assumptions } = bench.rules
  const { file } = bench
  const data = { file, park: park.description, plan, factors: readFactorFiles(), items, assumptions }
  const task = { account: 'nobody', months: ['2026-03'], posted: [], changed: [], nowMs: 0 }
  const saidOf = async (begun: typeof data): Promise<string> => {
    const { log, lines } = noted()
    const threads = new PostingThreads(begun, 1, log)
    expect(await threads.run(task)).toBeUndefined()
    await threads.close()
    return lines.join('')
  }
  expect(await saidOf(data)).toContain('no plan of nobody')
  // What it is begun with is parsed there.
  expect(await saidOf({ ...data, file: '' })).toMatch(/ZodError.*file/)
})

test('an entry that comes while a thread computes is not passed over', async () => {
  const [, bench] = benches
  if (bench === undefined) throw new RangeError('two benches')
  const files = readFactorFiles()
  await posted(bench, files, 0)
  const { books, clock, file, rules } = bench
  const { items, assumptions } = rules
  const factors = changed(files)
  const data = { file, park: park.description, plan, factors, items, assumptions }
  const adjustment = { kind: 'adjustment', month: '2026-03', scope: '1', tCo2: '1' } as const
  /** A person enters something between what is read and what is written. */
  class Interrupted extends PostingThreads {
    override async run(...asked: Parameters<PostingThreads['run']>): ReturnType<PostingThreads['run']> {
      const answer = await super.run(...asked)
      const person = { reason: 'captured', by: 'office', document: 'D' }
      books.post(asked[0].account, [{ ...adjustment, ...person }], at('2026-05-10T00:00'))
      return answer
    }
  }
  await new PostingLoop({
    books,
    park,
    plan,
    clock,
    quietMs: 0,
    rules: { ...rules, library: factorLibrary(factors) },
    log: pino({ level: 'silent' }),
    threads: () => new Interrupted(data, 1, pino({ level: 'silent' })),
  }).work(Number.MAX_SAFE_INTEGER)
  const kinds = bench.kinds('works-39')
  expect(kinds.slice(2)).toEqual(['adjustment', 'reversal', 'posting', 'reversal', 'posting'])
  expect(proveLedgers(books, factors, rules, undefined, { nowMs: clock.wallMs() }).findings).toEqual([])
})
