import type { BusDescription, SerialSettings } from '#firmware-config/gateway.ts'

/**
 * What an exchange costs on a line, in microseconds. Sources: MODBUS over Serial Line V1.02 §2.5.1.1 (characters and
 * silent intervals), MODBUS Application Protocol 1.1b3 §6.3 (a reply holds 2 bytes a register), MODBUS Messaging on
 * TCP/IP 1.0b §3.1.3 (the MBAP header).
 */
export interface LineCost {
  /** Bytes of request and reply together, without the registers. */
  readonly frameBytes: number
  /** Time of those bytes; may have a fraction. */
  readonly frameUs: number
  /** Time of one register; may have a fraction. */
  readonly registerUs: number
  /** From the end of the request to the beginning of the reply, as far as it can be known beforehand. */
  readonly answerUs: number
  /** From the end of the reply to the moment when another meter may be asked. */
  readonly silenceUs: number
  /** From then on to the moment when the same meter may be asked again. */
  readonly pauseUs: number
}

/** What a meter's profile says that costs time. */
export interface MeterPace {
  readonly pauseMs: number
  /** The longest that the meter takes to answer, where its documents say so. */
  readonly answerMs?: number | undefined
}

/** A meter on a serial line answers within 3 to 50 ms, by the manuals that give a figure; this is what most stay below. */
const SERIAL_ANSWER_US = 30_000
/** A device on the local network: its own 3 to 5 ms and the round trip. */
const NETWORK_ANSWER_US = 5_000
/** 10BASE-T, the slowest network that meters come with. */
const NETWORK_BYTE_US = 0.8

/** Address, function, start, quantity and CRC; address, function, byte count and CRC. */
const RTU_FRAME_BYTES = 8 + 5
/** MBAP header and PDU of request and reply. */
const TCP_FRAME_BYTES = 7 + 5 + 7 + 2

const BYTES_PER_REGISTER = 2
const US_PER_S = 1_000_000
/** Above this rate the silent interval does not shrink any more. */
const SHRINKING_SILENCE_BAUD_MAX = 19_200
const SILENCE_FAST_US = 1_750
const SILENCE_CHARACTERS = 3.5

/** Time of a character: start bit, 8 data bits, parity if any, stop bits. */
export function characterUs({ baudRate, parity, stopBits }: SerialSettings): number {
  return ((1 + 8 + (parity === 'none' ? 0 : 1) + stopBits) * US_PER_S) / baudRate
}

/** The silent interval that ends a frame: 3.5 characters, 1.75 ms above 19200 baud. */
export function silenceUs(settings: SerialSettings): number {
  return settings.baudRate > SHRINKING_SILENCE_BAUD_MAX
    ? SILENCE_FAST_US
    : SILENCE_CHARACTERS * characterUs(settings)
}

function serialCost(settings: SerialSettings, { pauseMs, answerMs }: MeterPace): LineCost {
  const character = characterUs(settings)
  const silence = silenceUs(settings)
  return {
    frameBytes: RTU_FRAME_BYTES,
    frameUs: RTU_FRAME_BYTES * character,
    registerUs: BYTES_PER_REGISTER * character,
    // A meter knows that the request is over only after the silence.
    answerUs: Math.max(silence, knownAnswerUs(SERIAL_ANSWER_US, answerMs)),
    silenceUs: silence,
    pauseUs: Math.max(0, pauseMs * 1_000 - silence),
  }
}

function networkCost({ pauseMs, answerMs }: MeterPace): LineCost {
  return {
    frameBytes: TCP_FRAME_BYTES,
    frameUs: TCP_FRAME_BYTES * NETWORK_BYTE_US,
    registerUs: BYTES_PER_REGISTER * NETWORK_BYTE_US,
    answerUs: knownAnswerUs(NETWORK_ANSWER_US, answerMs),
    silenceUs: 0,
    pauseUs: pauseMs * 1_000,
  }
}

/** What documents give is the longest time: it is taken where it is shorter than the usual. */
function knownAnswerUs(usualUs: number, answerMs: number | undefined): number {
  return answerMs === undefined ? usualUs : Math.min(usualUs, answerMs * 1_000)
}

/** What reading one meter costs on the line of a bus. Behind a Modbus TCP gateway with `line` both ways are paid. */
export function lineCost(transport: BusDescription['transport'], pace: MeterPace): LineCost {
  if (transport.kind === 'rtu') return serialCost(transport, pace)
  const settings = transport.kind === 'tcp' ? transport.line : transport
  if (settings === undefined) return networkCost(pace)
  const serial = serialCost(settings, pace)
  const through = { ...serial, answerUs: serial.answerUs + NETWORK_ANSWER_US }
  if (transport.kind === 'rtu-over-tcp') return through
  const network = networkCost(pace)
  return {
    ...through,
    frameUs: serial.frameUs + network.frameUs,
    registerUs: serial.registerUs + network.registerUs,
  }
}

/** Bytes on the line for reading so many registers in one request, request and reply together. */
export function exchangeBytes(cost: LineCost, registers: number): number {
  return cost.frameBytes + BYTES_PER_REGISTER * registers
}

/** Time of those bytes alone, whole microseconds. */
export function wireUs(cost: LineCost, registers: number): number {
  return Math.ceil(cost.frameUs + registers * cost.registerUs)
}

/** Time that the line is taken, from the request until another meter may be asked; whole microseconds, rounded up. */
export function exchangeUs(cost: LineCost, registers: number): number {
  return Math.ceil(cost.frameUs + registers * cost.registerUs + cost.answerUs + cost.silenceUs)
}
