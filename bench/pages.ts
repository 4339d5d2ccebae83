import { loadavg } from 'node:os'
import { benchFirstScreen } from './first-screen.ts'
import { benchViewers } from './viewers.ts'
import { benchYearPages } from './year-pages.ts'

/**
 * `npm run bench pages`: what issue 7 asks of the pages' feel: the first screen of a cold browser, a change on its way
 * from the commit to 1 and to 200 viewers, and pages over a year of 1,000 meters. `TANBIAO_BENCH_PARTS` names some.
 */
const parts: Readonly<Record<string, () => Promise<void>>> = {
  year: benchYearPages,
  viewers: benchViewers,
  'first-screen': benchFirstScreen,
}

export async function benchPages(): Promise<void> {
  const wanted = process.env['TANBIAO_BENCH_PARTS']?.split(',') ?? Object.keys(parts)
  for (const [name, run] of Object.entries(parts)) {
    if (!wanted.includes(name)) continue
    console.log(`\n${name} (load ${loadavg()[0]?.toFixed(1)})`)
    await run()
  }
}
