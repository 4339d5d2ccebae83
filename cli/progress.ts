/** Share of the work after which a line is written where no bar can be drawn. */
const LINE_EVERY_PERCENT = 10
const BAR_CELLS = 30

/** How far a piece of work is, for the person at the terminal: a bar, or a line per 10 % where stdout is no terminal. */
export class ProgressLine {
  readonly #label: string
  readonly #out: NodeJS.WriteStream
  #saidPercent = -LINE_EVERY_PERCENT
  #isOpen = false

  constructor(label: string, out: NodeJS.WriteStream = process.stdout) {
    this.#label = label
    this.#out = out
  }

  /** `done` of `total` in any unit; nothing is shown for work of size 0. */
  show(done: number, total: number, detail = ''): void {
    if (total <= 0) return
    const percent = Math.floor((100 * done) / total)
    const text = `${this.#label} ${String(percent).padStart(3)} %${detail === '' ? '' : `  ${detail}`}`
    if (this.#out.isTTY) {
      const cells = Math.floor((BAR_CELLS * done) / total)
      const bar = '█'.repeat(cells) + '░'.repeat(BAR_CELLS - cells)
      // Carriage return and "erase to the end of the line".
      this.#out.write(`\r${bar} ${text}\u001B[K`)
      this.#isOpen = true
    } else if (percent >= this.#saidPercent + LINE_EVERY_PERCENT) {
      this.#saidPercent = percent - (percent % LINE_EVERY_PERCENT)
      this.#out.write(`${text}\n`)
    }
  }

  /** Ends the bar's line, so that what is printed next begins a new one. Twice is once. */
  end(): void {
    if (this.#isOpen) this.#out.write('\n')
    this.#isOpen = false
  }
}
