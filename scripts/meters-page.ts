import { carriers } from '#contract/carriers.ts'
import type {
  IdentityRegister,
  MappedRegister,
  Mark,
  RatioRegister,
  RegisterMap,
} from '#firmware-config/profile.ts'

/** docs/meters.md: every profile with its evidence, its quirks and its registers. */

type Table = (head: readonly string[], rows: readonly (readonly string[])[]) => string

const hex = (address: number): string => `0x${address.toString(16).toUpperCase().padStart(4, '0')}`

const markText = (mark: Mark): string =>
  typeof mark === 'bigint' ? `0x${mark.toString(16).toUpperCase()}` : String(mark)

/** 1 start bit, 8 data bits: "9600 baud 8E1". */
function factoryText({ unit, baudRate, parity, stopBits }: RegisterMap['factory']): string | undefined {
  const letters = { none: 'N', even: 'E', odd: 'O' }
  const frame = [parity === undefined ? '' : letters[parity], stopBits ?? ''].join('')
  const parts = [
    ...(baudRate === undefined ? [] : [`${baudRate} baud`]),
    ...(parity === undefined || stopBits === undefined ? [] : [`8${frame}`]),
    ...(parity === undefined && stopBits !== undefined
      ? [`${stopBits} stop bit${stopBits === 2 ? 's' : ''}`]
      : []),
    ...(unit === undefined ? [] : [`unit ${unit}`]),
  ]
  return parts.length === 0 ? undefined : `Leaves the factory with ${parts.join(', ')}.`
}

function limitsText({ limits }: RegisterMap): string {
  const gaps =
    limits.bridgeGaps === 0
      ? 'no gap is read over'
      : `gaps of up to ${limits.bridgeGaps} registers are read over`
  return [
    `At most ${limits.registersPerRequest} registers a request, ${gaps}.`,
    ...(limits.pauseMs === 0 ? [] : [`Needs ${limits.pauseMs} ms between requests.`]),
    ...(limits.answerMs === undefined ? [] : [`May take ${limits.answerMs} ms to answer.`]),
    ...(limits.forbidden.length === 0
      ? []
      : [
          `Never read: ${limits.forbidden.map(([first, last]) => (first === last ? hex(first) : `${hex(first)} to ${hex(last)}`)).join(', ')}.`,
        ]),
  ].join(' ')
}

const identityText = ({ is, address, function: code, encoding, words, expect }: IdentityRegister): string =>
  `${is} at ${hex(address)} (function ${code}, ${encoding}, ${words} register${words === 1 ? '' : 's'}${expect === undefined ? '' : `, "${expect}"`})`

const ratioText = ({ ratio, address, function: code, encoding, factor }: RatioRegister): string =>
  `${ratio} ratio at ${hex(address)} (function ${code}, ${encoding}${factor === '1' ? '' : ` × ${factor}`})`

const exponentText = ({ address, exponent }: MappedRegister): string =>
  exponent === undefined
    ? ''
    : ` × 10ⁿ, n at ${hex(address + exponent.offset)}, ${exponent.lowest} to ${exponent.highest}`

/** Factor and step are those of a direct connection: at a site, its ratios multiply them. */
function registerRow(register: MappedRegister, byRatios: readonly string[] | undefined): string[] {
  return [
    `\`${register.quantity}\``,
    hex(register.address),
    String(register.function),
    `${register.encoding} ${register.order}`,
    register.factor + (byRatios ?? []).map((ratio) => ` × ${ratio} ratio`).join('') + exponentText(register),
    register.resolution ?? '',
    register.wrapsAt === undefined ? '' : String(register.wrapsAt),
    register.notAvailable.map(markText).join(', '),
  ]
}

/** One profile, and which of its registers the ratios of a site multiply. */
export interface PrintedProfile {
  readonly map: RegisterMap
  readonly ratios: ReadonlyMap<string, readonly string[]>
}

const HEAD = [
  'quantity',
  'address',
  'function',
  'as',
  'factor',
  'counted in',
  'wraps at (counts)',
  'no value',
]

function section({ map, ratios }: PrintedProfile, table: Table): string {
  const { evidence } = map
  const lines = [
    `${map.make} ${map.model}. Evidence ${evidence.grade}: ${evidence.source}.`,
    ...(evidence.note === undefined ? [] : [evidence.note.trim()]),
    ...(map.manual === undefined ? [] : [`The document ${map.manual}.`]),
    [factoryText(map.factory), limitsText(map)].filter((text) => text !== undefined).join(' '),
    ...(map.identity.length === 0 ? [] : [`Identity: ${map.identity.map(identityText).join('; ')}.`]),
    ...(map.ratioRegisters.length === 0
      ? []
      : [
          `Ratios set in the meter, compared with those of the gateway file: ${map.ratioRegisters.map(ratioText).join('; ')}.`,
        ]),
  ]
  const rows = map.registers.map((register) => registerRow(register, ratios.get(register.quantity)))
  return `## ${map.id}\n\n${lines.join('\n\n')}\n\n${table(HEAD, rows)}\n`
}

/** The page. `generated` is the sentence that says where it comes from. */
export function metersPage(profiles: readonly PrintedProfile[], table: Table, generated: string): string {
  const overview = profiles.map(({ map: { id, make, model, carrier, evidence, registers } }) => [
    `[${id}](#${id})`,
    make,
    model,
    `${carriers[carrier].en} ${carriers[carrier].zh}`,
    evidence.grade,
    String(registers.length),
  ])
  return `# Meters

${generated} Source: \`firmware-config/profiles\`. How to add one: [new-meter.md](new-meter.md).

Grade H: a manual and an independent implementation agree; M: one manual or two implementations; L: one secondary source. None was checked against hardware by us. Addresses are those on the wire, counted from 0. Canonical value = number in the registers × factor. A cumulative register is counted in steps of "counted in" and starts again from zero at "wraps at".

${table(['profile', 'make', 'model', 'carrier', 'grade', 'registers'], overview)}

${profiles.map((profile) => section(profile, table)).join('\n')}`
}
