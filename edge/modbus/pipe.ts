/** A way for bytes to meters: a socket, a serial port, or what a test puts in their place. */
export interface BytePipe {
  /** Sends bytes; a failure shows as `closed`. */
  write(bytes: Uint8Array): void
  /** Ends it; resolves when the device can be opened again. Twice is once. */
  close(): Promise<void>
}

/** Who listens to a pipe. */
export interface PipeListener {
  received(bytes: Uint8Array): void
  /** The pipe ended, and why if that is known. May also be called after `close`. */
  closed(reason: unknown): void
}

/**
 * Opens a pipe. Rejects with the reason when that fails, and when the signal is aborted first; then nothing stays open.
 * The listener is called only after it has resolved.
 */
export type OpenPipe = (listener: PipeListener, signal: AbortSignal) => Promise<BytePipe>
