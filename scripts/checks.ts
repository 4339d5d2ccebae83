import type { Step } from './steps.ts'

/** What can be said of the project without running its tests: those that use all processors beside those that use one. */
export const checks: readonly (readonly Step[])[] = [
  [
    { title: 'Format', command: 'oxfmt', args: ['--check', '.'] },
    { title: 'Lint', command: 'oxlint', args: [] },
    { title: 'Types', command: 'tsc', args: [] },
    { title: 'Types of the pages', command: 'tsc', args: ['-p', 'dashboards/web'] },
  ],
  [
    { title: 'Data files', command: 'node', args: ['cli/tanbiao.ts', 'check'] },
    { title: 'Generated documents', command: 'node', args: ['scripts/generate.ts', '--check'] },
    { title: 'Unused code', command: 'knip', args: [] },
  ],
]
