/** A terminal that is drawn over again and again, and left as it was found. */

const ESCAPE = '\u001B['
const ENTER = `${ESCAPE}?1049h${ESCAPE}?25l`
const LEAVE = `${ESCAPE}?25h${ESCAPE}?1049l`
const HOME = `${ESCAPE}H`
const CLEAR_LINE = `${ESCAPE}K`
const CLEAR_BELOW = `${ESCAPE}J`
/** Ctrl-C, which a terminal in raw mode sends as a character. */
const CTRL_C = '\u0003'

export interface TerminalListener {
  /** A key; arrows and page keys come as their escape sequences. */
  key(key: string): void
  resized(): void
}

export class Terminal {
  readonly #out: NodeJS.WriteStream
  readonly #in: NodeJS.ReadStream
  readonly #listener: TerminalListener
  #open = true

  /** Takes the terminal: another screen, no cursor, keys one by one. */
  constructor(out: NodeJS.WriteStream, input: NodeJS.ReadStream, listener: TerminalListener) {
    this.#out = out
    this.#in = input
    this.#listener = listener
    out.write(ENTER)
    out.on('resize', this.#resized)
    if (input.isTTY) {
      input.setRawMode(true)
      input.setEncoding('utf8')
      input.on('data', this.#key)
      input.resume()
    }
    // Also when the process ends in a way that nobody thought of.
    process.once('exit', this.#leave)
  }

  get window(): { readonly columns: number; readonly rows: number } {
    return { columns: this.#out.columns, rows: this.#out.rows }
  }

  draw(lines: readonly string[]): void {
    if (!this.#open) return
    this.#out.write(HOME + lines.map((line) => line + CLEAR_LINE).join('\r\n') + CLEAR_BELOW)
  }

  /** Gives the terminal back. Twice is once. */
  close(): void {
    process.off('exit', this.#leave)
    this.#leave()
  }

  readonly #resized = (): void => this.#listener.resized()

  readonly #key = (key: string | Buffer): void => {
    if (String(key) === CTRL_C) process.kill(process.pid, 'SIGINT')
    else this.#listener.key(String(key))
  }

  readonly #leave = (): void => {
    if (!this.#open) return
    this.#open = false
    this.#out.off('resize', this.#resized)
    if (this.#in.isTTY) {
      this.#in.off('data', this.#key)
      this.#in.setRawMode(false)
      this.#in.pause()
    }
    this.#out.write(LEAVE)
  }
}
