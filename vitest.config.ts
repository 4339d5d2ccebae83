import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        // Laws, examples and adapters of one room at a time.
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: ['node_modules', 'test/**', 'dashboards/web/dist'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Whole-system proofs with real processes; one file at a time, because they kill and measure.
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
