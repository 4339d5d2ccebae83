import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** What is waited for comes; how long it takes on a busy machine decides nothing. */
const patience = { poll: { timeout: 30_000 } }
const limits = { testTimeout: 60_000, hookTimeout: 60_000, expect: patience }

/** Rooms that compute, or keep what they compute in files: nothing of a test goes on when it has ended. */
const computing = ['contract', 'firmware-config', 'intervals', 'accounts', 'store']
/** Rooms with sockets, servers and threads. */
const serving = ['cli', 'dashboards', 'edge', 'ingest', 'scripts', 'simulators']

/** Pages in a browser, which gives up what is slow: after all others, when the whole-system proofs beside them are through. */
const browser = 'dashboards/web'

/**
 * Files that follow one another share a process and what it has loaded: to load it anew for each takes twice the
 * processor time. What a file replaces (console, environment, clock) is put back before each test. Rooms with servers
 * have processes of their own, so that no room is tested beside what another one has left in memory.
 */
const shared = (name: string, rooms: readonly string[], except: readonly string[] = []) => ({
  test: {
    name,
    include: rooms.map((room) => `${room}/**/*.test.ts`),
    exclude: ['node_modules', 'dashboards/web/dist', ...except],
    isolate: false,
    restoreMocks: true,
    unstubEnvs: true,
    ...limits,
  },
})

export default defineConfig({
  test: {
    // On two cores vitest would leave one idle; with a third worker programs that are started wait for the processor.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // In the order of their names, so that what is short comes last and no core is left idle.
    projects: [
      shared('laws', computing),
      ...serving.map((room) => shared(`unit-${room}`, [room], [`${browser}/**`])),
      shared('web', [browser]),
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
