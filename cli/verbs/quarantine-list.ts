import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import type { QuarantineEntry } from '#store/port.ts'
import { booksOptions, momentText } from '../books-file.ts'
import { flag } from '../options.ts'
import { withBooks } from '../server-folder.ts'
import { cut, tableLines } from '../table.ts'
import { verb } from '../verb.ts'

const listOptions = z.object({
  ...booksOptions,
  state: z
    .enum(['open', 'replayed', 'accepted', 'discarded', 'all'])
    .default('open')
    .meta({ description: 'open, replayed, accepted, discarded or all (open)' }),
  limit: z.coerce.number().int().min(1).max(10_000).default(50).meta({ description: 'Newest entries (50)' }),
})

const DETAIL_COLUMNS = 80

/** What was refused and why, newest first, and what there was beyond the bounds. */
export const quarantineList = verb('List what is in quarantine', listOptions, async (given) => {
  await withBooks(given.data, (books) => {
    const entries = books.quarantine(given.limit, given.state === 'all' ? undefined : given.state)
    const rows = entries.map(({ id, committedAtMs, gateway, state, refusal }) => [
      String(id),
      momentText(committedAtMs),
      gateway,
      refusal.meter ?? '',
      state,
      refusal.code,
      cut(refusal.detail, DETAIL_COLUMNS),
    ])
    const head = ['id', 'arrived', 'gateway', 'meter', 'state', 'code', 'detail']
    for (const line of tableLines([head, ...rows], new Set([0]))) console.log(line)
    for (const { gateway, code, refusals, characters, firstMs, lastMs } of books.quarantineOverflow())
      console.log(
        `beyond the bounds: ${refusals} of ${gateway} [${code}], ${characters} characters, ${momentText(firstMs)} to ${momentText(lastMs)}`,
      )
  })
})

const showOptions = z.object({
  ...booksOptions,
  id: z.coerce.number().int().meta({ description: 'The entry' }),
  raw: flag('Write the payload alone, byte for byte'),
})

function payloadOf({ refusal }: QuarantineEntry): Buffer {
  return Buffer.from(refusal.payload, refusal.encoding === 'base64' ? 'base64' : 'utf8')
}

/** One entry with its payload. */
export const quarantineShow = verb(
  'Show an entry of quarantine with its payload',
  showOptions,
  async (given) => {
    const entry = await withBooks(given.data, (books) => books.quarantineEntry(given.id))
    if (entry === undefined) throw new Fault('quarantine-closed', `Quarantine has no entry ${given.id}.`)
    const payload = payloadOf(entry)
    if (given.raw) {
      process.stdout.write(payload)
      return
    }
    const { refusal, decision } = entry
    console.log(`entry    ${entry.id}, ${entry.state}`)
    console.log(`arrived  ${momentText(entry.committedAtMs)} from ${entry.gateway}`)
    console.log(`why      ${refusal.detail} [${refusal.code}]`)
    if (decision !== undefined)
      console.log(`decided  ${momentText(decision.atMs)} by ${decision.by}: ${decision.reason}`)
    if (entry.isCut) console.log('payload  only its beginning was kept')
    const isText = Buffer.from(payload.toString('utf8')).equals(payload)
    console.log(
      isText ? `\n${payload.toString('utf8')}` : `\n${payload.length} bytes, base64:\n${refusal.payload}`,
    )
  },
)
