import { Fault, faultText } from '#contract/fault.ts'
import { leaveParent, tellParent } from './child.ts'
import { check } from './verbs/check.ts'
import { demo } from './verbs/demo.ts'
import { edge } from './verbs/edge.ts'
import { serve } from './verbs/serve.ts'
import { simulate } from './verbs/simulate.ts'
import type { Verb } from './verb.ts'

const verbs: Readonly<Record<string, Verb>> = { demo, serve, edge, simulate, check }

function usage(): string {
  const lines = Object.entries(verbs).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  return `tanbiao 碳表: from the meter's register to the carbon account\n\nUsage: tanbiao VERB [options]\n\n${lines.join('\n')}\n\ntanbiao VERB --help shows the options of a verb.`
}

const [name = '--help', ...args] = process.argv.slice(2)
const verb = verbs[name]
if (verb === undefined) {
  const wantsHelp = name === '--help' || name === 'help'
  if (!wantsHelp) console.error(`There is no verb "${name}".\n`)
  console.log(usage())
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
