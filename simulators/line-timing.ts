import type { SerialSettings } from '#firmware-config/gateway.ts'

/** How long bytes and silences take on a serial line. Modbus over Serial Line V1.02, sections 2.5.1 and 2.5.1.1. */
export interface LineTiming {
  /** Start bit, 8 data bits, parity if any, stop bits. */
  readonly characterMs: number
  /** Between two frames. */
  readonly silenceMs: number
}

const FIXED_SILENCE_ABOVE_BAUD = 19_200
const FIXED_SILENCE_MS = 1.75
const SILENCE_CHARACTERS = 3.5

/** The timing of a line's settings: 3.5 characters of silence, 1.75 ms above 19200 baud. */
export function lineTiming({ baudRate, parity, stopBits }: SerialSettings): LineTiming {
  const bits = 1 + 8 + (parity === 'none' ? 0 : 1) + stopBits
  const characterMs = (bits * 1_000) / baudRate
  const silenceMs = baudRate > FIXED_SILENCE_ABOVE_BAUD ? FIXED_SILENCE_MS : SILENCE_CHARACTERS * characterMs
  return { characterMs, silenceMs }
}
