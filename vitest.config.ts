import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** What is waited for comes; how long it takes on a busy machine decides nothing. */
const patience = { poll: { timeout: 30_000 } }

export default defineConfig({
  test: {
    // On two cores vitest would leave one idle; with a third worker programs that are started wait for the processor.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        // Laws, examples and adapters of one room at a time.
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: ['node_modules', 'test/**', 'dashboards/web/dist'],
          // Files that follow one another share a process and what it has loaded: loading it anew for each would take a
          // third of all processor time. What a file replaces (console, environment, clock) is put back after each test.
          isolate: false,
          restoreMocks: true,
          unstubEnvs: true,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: patience,
        },
      },
      {
        // Whole-system proofs with real processes. Each has folders, ports and processes of its own, and waits for events:
        // they run side by side, because much of their time is waiting.
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          expect: patience,
          testTimeout: 240_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
})
