import { z } from 'zod'
import { resolution } from '#contract/amount.ts'
import { Fault } from '#contract/fault.ts'
import { hex } from '#edge/commission/presence.ts'
import {
  ratioWarnings,
  readMeter,
  readWords,
  REGISTERS_MAX,
  type ReadRegister,
} from '#edge/commission/read-meter.ts'
import { sideBySide, textsIn } from '#edge/commission/side-by-side.ts'
import { readingText } from '#edge/commission/value-text.ts'
import { openProfiles } from '#firmware-config/profile-library.ts'
import type { RegisterMap } from '#firmware-config/profile.ts'
import { askerOf, EXIT_CODES, exitCodes, ONE_MASTER, placeOf } from '../commissioning.ts'
import { watchLifetime } from '../lifetime.ts'
import { targetOptions, transportText, unit } from '../line-target.ts'
import { jsonOption, text } from '../options.ts'
import { systemClock } from '../system-clock.ts'
import { tableLines } from '../table.ts'
import { verb } from '../verb.ts'

const wholeNumber = text.regex(/^(?:0x[0-9a-fA-F]+|\d+)$/, 'a number such as 52 or 0x0034').transform(Number)

const options = z.object({
  ...targetOptions,
  unit: unit.optional().meta({ description: 'Address 站号 of the meter' }),
  config: text.optional().meta({ description: 'A gateway file; with --meter, its line, unit and profile' }),
  meter: text.optional().meta({ description: 'A meter of the gateway file' }),
  address: wholeNumber
    .pipe(z.number().max(0xffff))
    .optional()
    .meta({ description: 'First register 寄存器地址, counted from 0 as on the wire: 52 or 0x0034' }),
  count: wholeNumber
    .pipe(z.number().min(1).max(REGISTERS_MAX))
    .default(2)
    .meta({ description: 'How many registers, 1 to 125 (2)' }),
  function: z
    .enum(['3', '4'])
    .default('3')
    .meta({ description: 'Function code 功能码: 3 holding, 4 input registers (3)' }),
  profile: text.optional().meta({ description: 'Read every quantity of this profile 型号 instead' }),
  ct: resolution.default('1').meta({ description: 'Ratio of the current transformers 电流变比 (1)' }),
  pt: resolution.default('1').meta({ description: 'Ratio of the voltage transformers 电压变比 (1)' }),
  profiles: text.optional().meta({ description: 'A folder with profiles of your own' }),
  json: jsonOption,
})

const notes = `With --address the words are shown in hex and decimal, and in every encoding and order of words and bytes side by side:
ABCD high word first (the custom of Modbus), CDAB low word first, BADC and DCBA with the bytes of each word swapped.

${ONE_MASTER}

Examples:
  tanbiao read --serial /dev/ttyUSB0 --unit 1 --address 0x0034 --count 4 --function 4
  tanbiao read --tcp 192.168.1.10 --unit 1 --profile acrel-adl400 --ct 40
  tanbiao read --config gateway.yaml --meter press-feed

${EXIT_CODES}`

function printWords(address: number, words: readonly number[]): void {
  const rows = words.map((word, index) => [
    hex(address + index),
    String(address + index),
    hex(word),
    String(word),
    String(word > 0x7fff ? word - 0x1_0000 : word),
  ])
  const heading = ['address 地址', '', 'word 字', 'unsigned', 'signed']
  console.log(tableLines([heading, ...rows], new Set([1, 3, 4])).join('\n'))
}

function printSideBySide(address: number, words: readonly number[]): void {
  const rows = sideBySide(address, words).map(({ address: at, encoding, values }) => [
    encoding,
    hex(at),
    ...Object.values(values).map((value) => value ?? '–'),
  ])
  const heading = ['encoding 编码', 'address 地址', 'ABCD', 'CDAB', 'BADC', 'DCBA']
  console.log(`\n${tableLines([heading, ...rows], new Set([2, 3, 4, 5])).join('\n')}`)
  for (const { kind, text } of textsIn(words)) console.log(`${kind}: "${text}"`)
}

function printMeter(found: readonly ReadRegister[]): void {
  const rows = found.map(({ register, words, reading }) => [
    register.quantity,
    `${hex(register.address)} (${register.function})`,
    register.encoding,
    words?.map((word) => word.toString(16).toUpperCase().padStart(4, '0')).join(' ') ?? '–',
    reading.quality === 'bad' ? '–' : readingText(reading),
    reading.quality === 'bad' ? `bad: ${readingText(reading)}` : reading.quality,
  ])
  const heading = ['quantity 量', 'register 寄存器', 'encoding', 'words 原始字', 'value 值', 'quality 质量']
  console.log(tableLines([heading, ...rows], new Set([4])).join('\n'))
}

/** What a program needs of a register; marks are left out, because JSON has no numbers of their size. */
const plainRegister = ({ register, words, reading }: ReadRegister): object => {
  const { quantity, function: code, address, encoding, order } = register
  return { quantity, function: code, address, encoding, order, words, reading }
}

type Given = z.output<typeof options>

/** The profile that the options name, with the site's ratios. */
function profileOf(given: Given, meter: ReturnType<typeof placeOf>['meter']): RegisterMap | undefined {
  const id = given.profile ?? meter?.profile
  if (id === undefined || given.address !== undefined) return undefined
  return openProfiles(given.profiles).load(id, meter?.ratios ?? { current: given.ct, voltage: given.pt })
}

export const read = verb(
  'Read registers once: raw and in every encoding, or decoded by a profile',
  options,
  async (given) => {
    const { signal } = watchLifetime()
    const { transport, timeoutMs, unit, meter } = placeOf(given)
    const map = profileOf(given, meter)
    const { address, count } = given
    if (map === undefined && address === undefined) {
      throw new Fault('argument-invalid', 'Say what to read: --address, --profile or --config with --meter.')
    }
    const asker = askerOf(transport, timeoutMs)
    try {
      if (map !== undefined) {
        const found = await readMeter(asker, unit, map, () => systemClock.wallMs(), signal)
        const warnings = await ratioWarnings(asker, unit, map, signal)
        if (given.json)
          console.log(
            JSON.stringify(
              { unit, profile: map.id, registers: found.map(plainRegister), warnings },
              undefined,
              2,
            ),
          )
        else {
          console.log(`${transportText(transport)} unit ${unit}: ${map.id} (${map.make} ${map.model})\n`)
          printMeter(found)
          for (const warning of warnings) console.log(`变比 transformer ratios: ${warning}`)
        }
        const unread = found.filter(({ words }) => words === undefined).length
        if (unread > 0) process.exitCode = exitCodes.nothing
      } else if (address !== undefined) {
        const code = given.function === '4' ? 4 : 3
        const words = await readWords(asker, { unit, function: code, address, quantity: count }, signal)
        if (given.json) {
          console.log(
            JSON.stringify(
              { unit, function: code, address, words, views: sideBySide(address, words) },
              undefined,
              2,
            ),
          )
        } else {
          console.log(`${transportText(transport)} unit ${unit}, function ${code}\n`)
          printWords(address, words)
          printSideBySide(address, words)
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error
      process.exitCode = exitCodes.interrupted
    } finally {
      asker.close()
    }
  },
  { notes },
)
