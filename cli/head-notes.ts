import { hash } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs'
import type { Logger } from 'pino'
import type { LedgerFinding } from '#accounts/ledger-verify.ts'
import type { Clock } from '#contract/clock.ts'
import { Fault, faultText } from '#contract/fault.ts'
import { pause } from '#ingest/backoff.ts'
import { headFindings, headLine, headsIn, headsOf, type NotedChains, type NotedHead } from './ledger-heads.ts'

const NOTED_EVERY_MS = 24 * 3_600_000

export interface HeadNotesParts extends NotedChains {
  /** Where they are noted: outside of the books, and best on another disk. */
  readonly file: string
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Notes the ends of all chains once a day, outside of the books and in the log, and holds those noted last against the
 * books first: that entries are gone from an end is said without anybody asking.
 */
export class HeadNotes {
  readonly #parts: HeadNotesParts

  constructor(parts: HeadNotesParts) {
    this.#parts = parts
  }

  /** Notes them now and every day until the signal ends it. Failures are logged and tried again the next day. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts
    while (!signal.aborted) {
      try {
        this.note()
      } catch (error) {
        const known = error instanceof Fault ? { code: error.code } : { err: error }
        const words = error instanceof Fault ? faultText(error) : String(error)
        log.warn(known, `ends of ledgers are not noted today: ${words}`)
      }
      await pause(clock, NOTED_EVERY_MS, signal)
    }
  }

  /**
   * Adds a line for each chain that has grown since its last one. Returns what of those last ones the books have no more.
   * Throws `file-invalid` for a file that is not one of such lines, and what the file system throws.
   */
  note(): LedgerFinding[] {
    const { file, clock, log } = this.#parts
    const kept = wholeLines(file)
    const last = new Map(headsIn(kept, file).map((head) => [head.account, head]))
    const findings = [...headFindings(this.#parts, [...last.values()])]
    for (const { account, entry, message } of findings)
      log.error({ code: 'ledger-damaged', account, entry }, message)
    const isNew = ({ account, hash: now }: NotedHead): boolean => last.get(account)?.hash !== now
    const grown = headsOf(this.#parts, clock.wallMs()).filter(isNew)
    const text = grown.map((head) => `${headLine(head)}\n`).join('')
    if (text !== '') appendFileSync(file, text, { flush: true })
    const all = kept + text
    // The log goes its own way: with this line, the file as it was can be known from it.
    const known = { file, lines: grown.length, bytes: Buffer.byteLength(all), sha256: hash('sha256', all) }
    log.info(known, 'ends of ledgers noted')
    return findings
  }
}

/** What the file has, without the beginning of a line that a power cut has left at its end. */
function wholeLines(file: string): string {
  if (!existsSync(file)) return ''
  const text = readFileSync(file, 'utf8')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole !== text) truncateSync(file, Buffer.byteLength(whole))
  return whole
}
