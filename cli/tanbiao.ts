import { Fault, faultText } from '#contract/fault.ts'
import { leaveParent, tellParent } from './child.ts'
import { keepCompiled } from './compiled.ts'
import type { Verb } from './verb.ts'

keepCompiled()

/** A verb is loaded when it is asked for: a gateway's process holds no web server, and starts sooner. */
const verbs: Readonly<Record<string, () => Promise<Verb>>> = {
  demo: async () => (await import('./verbs/demo.ts')).demo,
  serve: async () => (await import('./verbs/serve.ts')).serve,
  edge: async () => (await import('./verbs/edge.ts')).edge,
  simulate: async () => (await import('./verbs/simulate.ts')).simulate,
  'simulate park': async () => (await import('./verbs/park.ts')).park,
  plan: async () => (await import('./verbs/plan.ts')).plan,
  'simulate history': async () => (await import('./verbs/history.ts')).history,
  import: async () => (await import('./verbs/import.ts')).importFiles,
  grade: async () => (await import('./verbs/grade.ts')).grade,
  'configure key': async () => (await import('./verbs/configure-key.ts')).configureKey,
  'configure sign': async () => (await import('./verbs/configure-sign.ts')).configureSign,
  'configure publish': async () => (await import('./verbs/configure-publish.ts')).configurePublish,
  check: async () => (await import('./verbs/check.ts')).check,
  scan: async () => (await import('./verbs/scan.ts')).scan,
  identify: async () => (await import('./verbs/identify.ts')).identify,
  read: async () => (await import('./verbs/read.ts')).read,
  watch: async () => (await import('./verbs/watch.ts')).watch,
}

async function usage(): Promise<string> {
  const lines = await Promise.all(
    Object.entries(verbs).map(async ([name, load]) => `  ${name.padEnd(17)} ${(await load()).summary}`),
  )
  return `tanbiao 碳表: from the meter's register to the carbon account\n\nUsage: tanbiao VERB [options]\n\n${lines.join('\n')}\n\ntanbiao VERB --help shows the options of a verb.`
}

const [first = '--help', second = '', ...others] = process.argv.slice(2)
// Its own keys only: "constructor" is no verb.
const hasTwoWords = Object.hasOwn(verbs, `${first} ${second}`)
const name = hasTwoWords ? `${first} ${second}` : first
const args = hasTwoWords ? others : process.argv.slice(3)
const verb = Object.hasOwn(verbs, name) ? await verbs[name]?.() : undefined
if (verb === undefined) {
  const wantsHelp = name === '--help' || name === 'help'
  if (!wantsHelp) console.error(`There is no verb "${name}".\n`)
  console.log(await usage())
  process.exitCode = wantsHelp ? 0 : 2
} else if (args.includes('--help')) {
  console.log(verb.help)
} else {
  try {
    await verb.run(args)
    leaveParent()
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    console.error(faultText(error))
    tellParent({ kind: 'fault', code: error.code, what: error.message })
    leaveParent()
    process.exitCode = error.code === 'argument-invalid' ? 2 : 1
  }
}
