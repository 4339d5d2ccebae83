import { cpus, totalmem } from 'node:os'

/** `npm run bench [NAME …]`: all benchmarks of the project, or those that are named (`ingest` for five), one after the other. */
const benchmarks: Readonly<Record<string, () => Promise<void>>> = {
  delivery: async () => (await import('./delivery.ts')).benchDelivery(),
  latency: async () => (await import('./latency.ts')).benchLatency(),
  start: async () => (await import('./start.ts')).benchStart(),
  simulators: async () => (await import('./simulators.ts')).benchSimulators(),
  edge: async () => (await import('./edge.ts')).benchEdge(),
  intervals: async () => (await import('./intervals.ts')).benchIntervals(),
  accounts: async () => (await import('./accounts.ts')).benchAccounts(),
  sums: async () => (await import('./sums.ts')).benchSums(),
  balance: async () => (await import('./balance.ts')).benchBalance(),
  pages: async () => (await import('./pages.ts')).benchPages(),
  drain: async () => (await import('./drain.ts')).benchDrain(),
  outage: async () => (await import('./outage.ts')).benchOutage(),
}

/** From the broker to intervals and their sums: all that is asked of ingestion, as long and as large as it is asked. */
const ingest = {
  names: ['delivery', 'latency', 'drain', 'intervals', 'sums'],
  sizes: { TANBIAO_BENCH_OVERLOAD_SECONDS: '600', TANBIAO_BENCH_METERS: '1000' },
}

const named = process.argv.slice(2)
if (named.includes('ingest'))
  for (const [name, size] of Object.entries(ingest.sizes)) process.env[name] ??= size
const given = named.flatMap((name) => (name === 'ingest' ? ingest.names : [name]))
const unknown = given.filter((name) => !(name in benchmarks))
if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.join(', ')}; there are ${[...Object.keys(benchmarks), 'ingest'].join(', ')}.`,
  )
  process.exit(2)
}
const [cpu] = cpus()
console.log(
  `${cpus().length} × ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
)
for (const [name, run] of Object.entries(benchmarks)) {
  if (given.length > 0 && !given.includes(name)) continue
  console.log(`\n── ${name}`)
  await run()
}
