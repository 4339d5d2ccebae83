import { Fault, faultText } from '#contract/fault.ts'
import { leaveParent, tellParent } from './child.ts'
import type { Verbs } from './edge-verbs.ts'

async function usage(verbs: Verbs): Promise<string> {
  const width = Math.max(...Object.keys(verbs).map((name) => name.length))
  const lines = await Promise.all(
    Object.entries(verbs).map(async ([name, load]) => `  ${name.padEnd(width)}  ${(await load()).summary}`),
  )
  return `tanbiao 碳表: from the meter's register to the carbon account\n\nUsage: tanbiao VERB [options]\n\n${lines.join('\n')}\n\ntanbiao VERB --help shows the options of a verb.`
}

/** Runs the verb that the arguments of this process name; sets its exit code: 0, 1 for a fault, 2 for wrong arguments. */
export async function dispatch(verbs: Verbs): Promise<void> {
  const [first = '--help', second = '', ...others] = process.argv.slice(2)
  // Its own keys only: "constructor" is no verb.
  const hasTwoWords = Object.hasOwn(verbs, `${first} ${second}`)
  const name = hasTwoWords ? `${first} ${second}` : first
  const args = hasTwoWords ? others : process.argv.slice(3)
  const verb = Object.hasOwn(verbs, name) ? await verbs[name]?.() : undefined
  if (verb === undefined) {
    const wantsHelp = name === '--help' || name === 'help'
    if (!wantsHelp) console.error(`There is no verb "${name}".\n`)
    console.log(await usage(verbs))
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
}
