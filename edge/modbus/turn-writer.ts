/**
 * Writes what is given in one turn of the event loop as one piece: a call into the system costs more than all else of a
 * short request.
 */
export function togetherInATurn(write: (bytes: Uint8Array) => void): (bytes: Uint8Array) => void {
  let waiting: Uint8Array[] = []
  const flush = (): void => {
    const [first = new Uint8Array(0), ...others] = waiting
    waiting = []
    write(others.length === 0 ? first : Buffer.concat([first, ...others]))
  }
  return (bytes) => {
    // Ticks run when the promises that have settled in this turn have.
    if (waiting.length === 0) process.nextTick(flush)
    waiting.push(bytes)
  }
}
