import { Fault } from '#contract/fault.ts'

/** What one check found: good, worth a look, wrong, or not to be checked here. */
export interface Finding {
  readonly check: string
  readonly state: 'ok' | 'warning' | 'fault' | 'skipped'
  readonly what: string
  /** What to do; for what is not good. */
  readonly advice?: string
}

const EXPLAINED = { ok: '✓', warning: '!', fault: '✗', skipped: '–' } as const satisfies Record<
  Finding['state'],
  string
>

/** The finding of a check that could not be ended: a Fault says itself what to do. */
export function failed(check: string, error: unknown): Finding {
  if (error instanceof Fault) {
    return { check, state: 'fault', what: error.message, advice: error.advice }
  }
  throw error
}

/** One line a finding, and under it what to do. */
export function findingText({ check, state, what, advice }: Finding): string {
  const first = `${EXPLAINED[state]} ${check.padEnd(8)} ${what}`
  return advice === undefined ? first : `${first}\n  ${' '.repeat(8)} → ${advice}`
}
