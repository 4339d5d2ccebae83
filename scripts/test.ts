import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { checks } from './checks.ts'
import { skippedSuites } from './skipped-suites.ts'
import { linesOf, runLanes } from './steps.ts'

/**
 * `npm test`: everything that tests the project, cheap failures first. Ends with the names of the suites that could
 * not run here, and one line of counts.
 */
const root = fileURLToPath(new URL('..', import.meta.url))

/** Where to begin when the tests take too long. */
const SLOWEST_SHOWN = 10

// Packages are unpacked while the checkers do their work.
const failed = await runLanes(
  [
    [
      {
        title: 'Programs of others that the tests need',
        command: 'sh',
        args: ['scripts/install-test-servers.sh'],
      },
    ],
    ...checks,
  ],
  root,
)
if (failed !== undefined) {
  console.log(`\n${failed.title} failed`)
  process.exit(1)
}

const results = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      startTime: z.number(),
      endTime: z.number(),
      assertionResults: z.array(
        z.object({ ancestorTitles: z.array(z.string()), title: z.string(), status: z.string() }),
      ),
    }),
  ),
})

/**
 * Whole-system proofs wait for clocks, lines and processes much of their time. Beside them run the tests of rooms, which
 * compute, at a lower priority: programs that a proof has started never wait for the processor.
 */
const runs = [
  { name: 'system', before: [], projects: ['system'] },
  { name: 'rooms', before: ['nice', '-n', '5'], projects: ['laws', 'unit-*', 'web'] },
]

console.log('\n── Tests')
const folder = mkdtempSync(join(tmpdir(), 'tanbiao-test-'))
const reports = await Promise.all(
  runs.map(async ({ name, before, projects }) => {
    const file = join(folder, `${name}.json`)
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    const chosen = projects.flatMap((project) => ['--project', project])
    const [command = '', ...args] = [...before, 'vitest', 'run', ...reporters, ...chosen]
    const code = await linesOf({ title: name, command, args }, root)
    return { code, ...results.parse(JSON.parse(readFileSync(file, 'utf8'))) }
  }),
)
rmSync(folder, { recursive: true })
const testResults = reports.flatMap((report) => report.testResults)
const count = (of: (report: (typeof reports)[number]) => number): number =>
  reports.reduce((sum, report) => sum + of(report), 0)

const skipped = skippedSuites(testResults.flatMap(({ assertionResults }) => assertionResults))
if (skipped.length > 0) {
  console.log('\nSkipped here, by name:')
  for (const name of skipped) console.log(`  - ${name}`)
}
console.log('\nThe slowest files:')
for (const { name, startTime, endTime } of testResults
  .toSorted((a, b) => b.endTime - b.startTime - (a.endTime - a.startTime))
  .slice(0, SLOWEST_SHOWN)) {
  console.log(`  ${((endTime - startTime) / 1000).toFixed(1).padStart(6)} s  ${relative(root, name)}`)
}
const [passed, failing, pending] = [
  count(({ numPassedTests }) => numPassedTests),
  count(({ numFailedTests }) => numFailedTests),
  count(({ numPendingTests }) => numPendingTests),
]
console.log(`\n${passed} passed, ${failing} failed, ${pending} skipped`)
process.exit(reports.every(({ code }) => code === 0) ? 0 : 1)
