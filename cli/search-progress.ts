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

/** "1 min 05 s", "12 s". */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  const minutes = Math.floor(seconds / 60)
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`
}
