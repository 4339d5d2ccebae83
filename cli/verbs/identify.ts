import { z } from 'zod'
import { identify as identifyUnit, type Identification } from '#edge/commission/identify.ts'
import type { ProfileFit } from '#edge/commission/fit.ts'
import { allProfiles, askerOf, EXIT_CODES, exitCodes, ONE_MASTER, placeOf } from '../commissioning.ts'
import { watchLifetime } from '../lifetime.ts'
import { targetOptions, transportText, unit } from '../line-target.ts'
import { flag, jsonOption, text } from '../options.ts'
import { Progress } from '../search-progress.ts'
import { systemClock } from '../system-clock.ts'
import { tableLines } from '../table.ts'
import { verb } from '../verb.ts'

const options = z.object({
  ...targetOptions,
  unit: unit.optional().meta({ description: 'Address 站号 of the meter' }),
  config: text.optional().meta({ description: 'A gateway file; with --meter, its line and unit' }),
  meter: text.optional().meta({ description: 'A meter of the gateway file' }),
  profiles: text.optional().meta({ description: 'A folder with profiles of your own' }),
  all: flag('Print the observations of every profile'),
  json: jsonOption,
})

const notes = `Reads only (functions 03 and 04), at most 400 times. Points for a profile: expected identity +40 or -40; a register that answers +1,
one that is refused -5; a plausible value +4, an impossible one -8; a law between values that holds +6, or not -6.

${ONE_MASTER}

Examples:
  tanbiao identify --serial /dev/ttyUSB0 --baud 9600 --parity even --unit 3
  tanbiao identify --tcp 192.168.1.10 --unit 1 --all
  tanbiao identify --config gateway.yaml --meter press-feed --json

${EXIT_CODES}`

/** Profiles after the candidates whose observations are printed too: why they are not it. */
const RUNNERS_UP = 1

function verdictLine({ kind, candidates, weak, cutShort }: Identification): string {
  const names = candidates.map(({ map }) => `${map.id} (${map.make} ${map.model})`)
  if (cutShort === 'silent')
    return 'The unit does not answer 无应答: check address, baud rate, parity and wiring (tanbiao scan).'
  if (kind === 'none')
    return 'No profile fits 无匹配型号. See docs/new-meter.md: a new meter is a new data file.'
  const doubt = weak ? ' The evidence is weak: compare values with the display 证据不足，请核对表计显示.' : ''
  if (kind === 'several') {
    return `The evidence does not decide 无法唯一确定 between ${names.join(', ')}: compare name plate and display.${doubt}`
  }
  const [best] = candidates
  const partly = best !== undefined && best.answered < best.map.registers.length
  const missing = partly
    ? ' Not all of its registers are answered 并非全部寄存器应答: it may be another version or model.'
    : ''
  return `It fits 匹配 ${names.join()}.${missing}${doubt}`
}

function observationLines({ map, points, observations }: ProfileFit): string[] {
  return [
    `\n${map.id}: ${points} points`,
    ...observations.map((each) => `  ${String(each.points).padStart(4)}  ${each.text}`),
  ]
}

function print(found: Identification, all: boolean): void {
  console.log(verdictLine(found))
  const rows = found.ranked
    .filter(({ points }, index) => all || points > 0 || index < found.candidates.length + RUNNERS_UP)
    .map(({ map, points, answered, asked }) => [
      map.id,
      `${map.make} ${map.model}`,
      String(points),
      `${answered} of ${asked}`,
    ])
  if (rows.length > 0) {
    const heading = ['profile 型号', 'make and model', 'points 得分', 'registers answered']
    console.log(`\n${tableLines([heading, ...rows], new Set([2, 3])).join('\n')}`)
  }
  const shown = all ? found.ranked : found.ranked.slice(0, found.candidates.length + RUNNERS_UP)
  for (const fit of shown) console.log(observationLines(fit).join('\n'))
  for (const [id, ratios] of found.ratios) {
    for (const each of ratios) console.log(`\n变比 transformer ratios (${id}): ${each}`)
  }
  const cut = found.cutShort === 'questions' ? '; the others were not asked' : ''
  console.log(`\n${found.questions} questions asked${cut}.`)
}

export const identify = verb(
  'Tell which profile fits a meter, with the evidence',
  options,
  async (given) => {
    const { signal } = watchLifetime()
    const { transport, timeoutMs, unit } = placeOf(given)
    const maps = allProfiles(given.profiles)
    const progress = new Progress(process.stderr, () => systemClock.monotonicMs())
    const asker = askerOf(transport, timeoutMs)
    try {
      const found = await identifyUnit({
        unit,
        maps,
        asker,
        atMs: () => systemClock.wallMs(),
        signal,
        progress: (id, index) =>
          progress.show(
            `识别 ${transportText(transport)} unit ${unit}: ${id} (${index + 1} of ${maps.length})`,
          ),
      })
      progress.clear()
      if (given.json) {
        const brief = ({ map, ...rest }: ProfileFit): object => ({ profile: map.id, ...rest })
        const { kind, weak, questions, cutShort, ratios } = found
        console.log(
          JSON.stringify(
            {
              unit,
              kind,
              weak,
              questions,
              cutShort,
              candidates: found.candidates.map(({ map }) => map.id),
              ratios: Object.fromEntries(ratios),
              profiles: found.ranked.map(brief),
            },
            undefined,
            2,
          ),
        )
      } else print(found, given.all)
      if (found.kind === 'none') process.exitCode = exitCodes.nothing
    } catch (error) {
      if (!signal.aborted) throw error
      process.exitCode = exitCodes.interrupted
    } finally {
      progress.clear()
      asker.close()
    }
  },
  { notes },
)
