import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { skippedSuites } from './skipped-suites.ts'

/**
 * `npm test`: everything that tests the project, cheapest failure first. Ends with the names of the suites that could
 * not run here, and one line of counts.
 */
const root = fileURLToPath(new URL('..', import.meta.url))

/** Where to begin when the tests take too long. */
const SLOWEST_SHOWN = 10

function run(title: string, command: string, args: readonly string[]): void {
  console.log(`\n── ${title}`)
  const startedMs = performance.now()
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (error !== undefined) throw error
  console.log(`   ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
  if (status !== 0) process.exit(status ?? 1)
}

run('Programs of others that the tests need', 'sh', ['scripts/install-test-servers.sh'])
run('Format', 'oxfmt', ['--check', '.'])
run('Lint', 'oxlint', [])
run('Types', 'npm', ['run', '--silent', 'check:types'])
run('Unused code', 'knip', [])
run('Generated documents', 'node', ['scripts/generate.ts', '--check'])
run('Data files', 'node', ['cli/tanbiao.ts', 'check'])

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

console.log('\n── Tests')
const folder = mkdtempSync(join(tmpdir(), 'tanbiao-test-'))
const report = join(folder, 'results.json')
const { status } = spawnSync(
  'vitest',
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
  { cwd: root, stdio: 'inherit' },
)
const { numPassedTests, numFailedTests, numPendingTests, testResults } = results.parse(
  JSON.parse(readFileSync(report, 'utf8')),
)
rmSync(folder, { recursive: true })

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
console.log(`\n${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`)
process.exit(status ?? 1)
