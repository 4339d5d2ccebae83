import { createInterface } from 'node:readline'
import { Fault, faultText } from '#contract/fault.ts'
import type { Control, FaultView } from './control.ts'
import { truthRows } from './truth-http.ts'

/** The control of a simulation in a terminal: one line a command. */

const HELP = `meters                       every meter, with bus, unit and profile
kinds                        what can go wrong
faults                       what is wrong now, and what waits
fault TARGET KIND [k=v …]    TARGET is a meter, a bus such as gw/bus, or a gateway; for=15m, at=+5m, …
end ID                       ends a fault
show METER                   what it shows, beside the truth
lines                        what the serial lines carry
truth                        the nodes whose energy is known
truth NODE FROM TO           what really flowed, e.g. from 2026-11-23T08:00:00+08:00
help                         this list
quit                         stops the simulation`

/** "5" is a number and "a,b" a list, as the parameters of faults have them. */
function valueOf(text: string, name: string): unknown {
  if (name === 'phases' || name === 'quantities') return text.split(',')
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text
}

/** The order that a line of words means. Throws `request-invalid`. */
function orderOf(control: Control, [target = '', kind = '', ...settings]: readonly string[]): unknown {
  const parameters = settings.map((setting): [string, unknown] => {
    const at = setting.indexOf('=')
    if (at < 1) throw new Fault('request-invalid', `"${setting}" is not name=value.`)
    const name = setting.slice(0, at)
    return [name, valueOf(setting.slice(at + 1), name)]
  })
  const isMeter = control.meters().some(({ meter }) => meter === target)
  const where = isMeter ? 'meter' : target.includes('/') ? 'bus' : 'gateway'
  return { kind, [where]: target, ...Object.fromEntries(parameters) }
}

const faultLine = ({ id, kind, target, parameters, endMs }: FaultView): string =>
  [
    id.padEnd(5),
    kind.padEnd(14),
    Object.values(target ?? {}).join(' '),
    ...Object.entries(parameters).map(([name, value]) => `${name}=${String(value)}`),
    endMs === null ? '' : `until ${new Date(endMs).toISOString()}`,
  ]
    .filter((part) => part !== '')
    .join(' ')

function shownLines(control: Control, meter: string): string[] {
  const { values, faults } = control.show(meter)
  const rows = values.map(({ quantity, truth, shown }) => {
    const same = truth === shown
    return `${quantity.padEnd(28)} ${(shown?.toFixed(3) ?? '–').padStart(16)}${same ? '' : `   truth ${truth?.toFixed(3) ?? '–'}`}`
  })
  return [...rows, ...faults.map(faultLine)]
}

function truthLines({ truth }: Control, [node, from, to]: readonly string[]): string[] {
  if (node === undefined) return truth.nodes.map(({ id, kind, unit }) => `${id} (${kind}, ${unit ?? '?'})`)
  const { rows, unit } = truthRows(truth, node, { from, to })
  return rows.map(({ fromMs, energy }) => `${new Date(fromMs).toISOString()} ${energy} ${unit ?? '?'}`)
}

/** Carries out one line and returns what to print. Throws the faults of `Control`. */
export function obey(control: Control, line: string): string {
  const [command = '', ...words] = line.trim().split(/\s+/)
  switch (command) {
    case '':
      return ''
    case 'meters':
      return control
        .meters()
        .map(({ meter, bus, unit, profile }) => `${meter.padEnd(28)} ${bus} unit ${unit}  ${profile}`)
        .join('\n')
    case 'kinds':
      return control
        .kinds()
        .map(
          ({ kind, description, targets, parameters }) =>
            `${kind.padEnd(14)} ${description} (${[targets.join('|'), ...parameters].join(', ')})`,
        )
        .join('\n')
    case 'faults': {
      const { inForce, waiting } = control.active()
      const lines = [...inForce.map(faultLine), ...waiting.map((fault) => `${faultLine(fault)} (waits)`)]
      return lines.length === 0 ? 'nothing is wrong' : lines.join('\n')
    }
    case 'fault':
      return faultLine(control.inject(orderOf(control, words)))
    case 'end':
      return `ended ${faultLine(control.end(words[0] ?? ''))}`
    case 'show':
      return shownLines(control, words[0] ?? '').join('\n')
    case 'lines':
      return control
        .lines()
        .map(
          ({ bus, exchanges, unanswered, busyShare }) =>
            `${bus}: ${exchanges} exchanges, ${unanswered} unanswered, busy ${(100 * busyShare).toFixed(1)} %`,
        )
        .join('\n')
    case 'truth':
      return truthLines(control, words).join('\n')
    case 'help':
      return HELP
    default:
      return `There is no command "${command}".\n${HELP}`
  }
}

/** Takes commands from a stream until it ends or `quit`, then resolves. */
export async function runControlPrompt(
  control: Control,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<void> {
  const lines = createInterface({ input, output, prompt: 'tanbiao> ' })
  const close = (): void => {
    lines.close()
  }
  signal.addEventListener('abort', close, { once: true })
  // A terminal in raw mode makes no signal of Ctrl-C.
  lines.once('SIGINT', close)
  let open = true
  lines.once('close', () => {
    open = false
  })
  // Lines that came before the end are carried out after it, when there is nothing left to prompt for.
  const prompt = (): void => {
    if (open) lines.prompt()
  }
  prompt()
  try {
    for await (const line of lines) {
      if (line.trim() === 'quit') return
      try {
        const said = obey(control, line)
        if (said !== '') output.write(`${said}\n`)
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        output.write(`${faultText(error)}\n`)
      }
      prompt()
    }
  } finally {
    signal.removeEventListener('abort', close)
    lines.close()
  }
}
