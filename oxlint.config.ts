import { defineConfig } from 'oxlint'

/**
 * Which room may import which, in the order of the way of a reading (docs/architecture.md shows the same table).
 * A room is a folder at the root; its own files are always allowed.
 */
export const rooms = {
  contract: [],
  'firmware-config': ['contract'],
  simulators: ['contract', 'firmware-config'],
  edge: ['contract', 'firmware-config'],
  store: ['contract'],
  ingest: ['contract', 'store'],
  intervals: ['contract', 'store/port.ts'],
  accounts: ['contract', 'intervals', 'store/port.ts'],
  dashboards: ['contract', 'store', 'intervals', 'accounts'],
} as const satisfies Record<string, readonly string[]>

const roomNames = Object.keys(rooms)

/** Rooms without clock, randomness or I/O: everything of the world comes in through parameters. */
const pureRooms = ['contract', 'intervals', 'accounts']

/** Import patterns that a room must not use, built from the table above. */
function forbiddenImports(room: string, allowed: readonly string[]): string[] {
  const patterns: string[] = []
  for (const other of [...roomNames, 'cli', 'test']) {
    if (other === room || allowed.includes(other)) continue
    patterns.push(`#${other}/**`)
    for (const file of allowed) if (file.startsWith(`${other}/`)) patterns.push(`!#${file}`)
  }
  // A relative path would go around the table.
  patterns.push('../*/**', '!../*')
  return patterns
}

const nodeAndNetwork = ['node:*', 'node:*/**', 'fastify', 'pino', 'mqtt', 'aedes', 'influx', '@influxdata/*']

export default defineConfig({
  plugins: ['typescript', 'import', 'unicorn', 'oxc', 'vitest', 'react'],
  options: { typeAware: true },
  categories: { correctness: 'error', suspicious: 'error' },
  ignorePatterns: ['node_modules', 'dashboards/web/dist', 'data'],
  rules: {
    'import/no-cycle': 'error',
    'import/no-unassigned-import': 'off',
    'import/no-named-as-default': 'off',
    'import/no-named-as-default-member': 'off',
    'no-await-in-loop': 'off',
    'no-shadow': 'off',
    'no-underscore-dangle': 'off',
    'unicorn/no-array-sort': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'unicorn/require-module-specifiers': 'off',
    'react/react-in-jsx-scope': 'off',
    // Tables take functions that draw their cells and rows.
    'react/no-unstable-nested-components': ['error', { allowAsProps: true }],
    'typescript/no-explicit-any': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/switch-exhaustiveness-check': 'error',
    'typescript/no-unsafe-type-assertion': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/consistent-type-imports': 'error',
    'no-console': 'error',
    'no-empty': 'error',
    eqeqeq: 'error',
    'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
  },
  overrides: [
    ...Object.entries(rooms).map(([room, allowed]) => ({
      files: [`${room}/**/*.ts`, `${room}/**/*.tsx`],
      rules: {
        'no-restricted-imports': [
          'error',
          {
            patterns: [
              {
                group: forbiddenImports(room, allowed),
                message: `${room}/ may import only ${['its own files', ...allowed].join(', ')} (docs/architecture.md, "Rooms").`,
              },
              ...(pureRooms.includes(room)
                ? [
                    {
                      group: nodeAndNetwork,
                      message: `${room}/ is pure: I/O comes in through parameters.`,
                    },
                  ]
                : []),
            ],
          },
        ] as ['error', object],
      },
    })),
    ...pureRooms.map((room) => ({
      files: [`${room}/**/*.ts`],
      rules: {
        'no-restricted-globals': [
          'error',
          'Date',
          'setTimeout',
          'setInterval',
          'setImmediate',
          'fetch',
          'process',
          'console',
          'crypto',
          'performance',
        ] as ['error', ...string[]],
        'no-restricted-properties': [
          'error',
          { object: 'Math', property: 'random', message: 'Randomness comes in through parameters.' },
          { object: 'Temporal', property: 'Now', message: 'The clock comes in through parameters.' },
        ] as ['error', ...object[]],
      },
    })),
    {
      // Tests may read their data files and own their clocks.
      files: ['**/*.test.ts', '**/*.test-support.ts', '**/conformance.ts', 'test/**'],
      rules: {
        'no-restricted-globals': 'off',
        'no-restricted-properties': 'off',
        'no-restricted-imports': 'off',
        'max-lines': 'off',
        'vitest/valid-title': 'off',
        'vitest/valid-expect': 'off',
        'vitest/expect-expect': 'off',
        'vitest/no-conditional-expect': 'off',
        'vitest/valid-describe-callback': 'off',
      },
    },
    { files: ['cli/**', 'scripts/**', 'bench/**', 'test/**'], rules: { 'no-console': 'off' } },
  ],
})
