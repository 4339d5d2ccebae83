import type { Verb } from './verb.ts'

/** A verb is loaded when it is asked for: a gateway's process holds no web server, and starts sooner. */
export type Verbs = Readonly<Record<string, () => Promise<Verb>>>

/** What is done on a gateway and at its lines: the verbs of the gateway's own program. */
export const edgeVerbs: Verbs = {
  edge: async () => (await import('./verbs/edge.ts')).edge,
  plan: async () => (await import('./verbs/plan.ts')).plan,
  check: async () => (await import('./verbs/check.ts')).check,
  scan: async () => (await import('./verbs/scan.ts')).scan,
  identify: async () => (await import('./verbs/identify.ts')).identify,
  read: async () => (await import('./verbs/read.ts')).read,
  watch: async () => (await import('./verbs/watch.ts')).watch,
}
