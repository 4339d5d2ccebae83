import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** What is waited for comes; how long it takes on a busy machine decides nothing. */
const patience = { poll: { timeout: 30_000 } }
const limits = { testTimeout: 60_000, hookTimeout: 60_000, expect: patience }

/** Rooms that compute, or keep what they compute in files: nothing of a test goes on when it has ended. */
const computing = ['contract', 'firmware-config', 'intervals', 'accounts', 'store'].map(
  (room) => `${room}/**`,
)

export default defineConfig({
  test: {
    // On two cores vitest would leave one idle; with a third worker programs that are started wait for the processor.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        // Files that follow one another share a process and what it has loaded: to load it anew for each takes twice the
        // processor time. What a file replaces (console, environment, clock) is put back before each test.
        test: {
          name: 'laws',
          include: computing.map((room) => `${room}/*.test.ts`),
          isolate: false,
          restoreMocks: true,
          unstubEnvs: true,
          ...limits,
        },
      },
      {
        // Laws, examples and adapters of one room at a time, with sockets, servers and threads: a process for each file.
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: ['node_modules', 'test/**', 'dashboards/web/dist', ...computing],
          ...limits,
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
