/** A test of vitest's JSON report. */
export interface ReportedTest {
  /** From the outermost suite to the innermost. */
  readonly ancestorTitles: readonly string[]
  readonly title: string
  readonly status: string
}

function nameOf({ ancestorTitles, title }: ReportedTest): string {
  // The suite that says what it needs may stand within another one (test/support/servers.ts).
  const saying = ancestorTitles.findIndex((each) => each.includes('[needs '))
  return ancestorTitles.slice(0, saying + 1).join(' › ') || (ancestorTitles[0] ?? title)
}

/** The names of suites that did not run, each once, down to the one that says what it needs. */
export function skippedSuites(tests: readonly ReportedTest[]): string[] {
  const skipped = tests.filter(({ status }) => status === 'skipped' || status === 'pending')
  return [...new Set(skipped.map(nameOf))]
}
