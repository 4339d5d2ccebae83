import { cut } from './table.ts'

/**
 * Progress on stderr, so that stdout holds the result alone: one line that is written over in a terminal, a new line now
 * and then elsewhere.
 */
export class Progress {
  readonly #out: NodeJS.WriteStream
  readonly #nowMs: () => number
  #lastMs = Number.NEGATIVE_INFINITY
  #shown = false

  constructor(out: NodeJS.WriteStream, nowMs: () => number) {
    this.#out = out
    this.#nowMs = nowMs
  }

  /** What is being done. */
  show(line: string): void {
    const nowMs = this.#nowMs()
    const pauseMs = this.#out.isTTY ? TERMINAL_PAUSE_MS : PLAIN_PAUSE_MS
    if (nowMs - this.#lastMs < pauseMs) return
    this.#lastMs = nowMs
    if (this.#out.isTTY) this.#out.write(`\r${CLEAR}${cut(line, this.#out.columns - 1)}`)
    else this.#out.write(`${line}\n`)
    this.#shown = true
  }

  /** Something that stays. */
  say(line: string): void {
    this.clear()
    this.#out.write(`${line}\n`)
  }

  clear(): void {
    if (this.#shown && this.#out.isTTY) this.#out.write(`\r${CLEAR}`)
    this.#shown = false
  }
}

const CLEAR = '\u001B[K'
const TERMINAL_PAUSE_MS = 100
const PLAIN_PAUSE_MS = 10_000

/** In its two largest units: "12 s", "1 min 05 s", "5 h 10 min", "107 d 14 h". */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  const two = (value: number): string => String(value).padStart(2, '0')
  if (minutes === 0) return `${seconds} s`
  if (hours === 0) return `${minutes} min ${two(seconds % 60)} s`
  if (hours < 48) return `${hours} h ${two(minutes % 60)} min`
  return `${Math.floor(hours / 24)} d ${two(hours % 24)} h`
}
