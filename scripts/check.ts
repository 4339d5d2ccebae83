import { fileURLToPath } from 'node:url'
import { checks } from './checks.ts'
import { runLanes } from './steps.ts'

/** `npm run check`: what `npm test` begins with, to be run before every push. */
const failed = await runLanes(checks, fileURLToPath(new URL('..', import.meta.url)))
if (failed !== undefined) {
  console.log(`\n${failed.title} failed`)
  process.exit(1)
}
