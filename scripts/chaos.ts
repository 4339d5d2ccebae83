import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/**
 * `npm run chaos -- --rounds N --seed S`: test/chaos.test.ts for as long as one likes; with `--fault WORDS` only the faults
 * whose name has these words in it.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string' },
    fault: { type: 'string' },
  },
})
const { status } = spawnSync('vitest', ['run', '--project', 'system', 'test/chaos.test.ts'], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  stdio: 'inherit',
  env: {
    ...process.env,
    TANBIAO_CHAOS_ROUNDS: values.rounds,
    ...(values.seed === undefined ? {} : { TANBIAO_SEED: values.seed }),
    ...(values.fault === undefined ? {} : { TANBIAO_CHAOS_FAULT: values.fault }),
  },
})
process.exit(status ?? 1)
