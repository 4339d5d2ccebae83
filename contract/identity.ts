import { z } from 'zod'

/**
 * Identifiers of parks, enterprises, meters, gateways: lower-case words joined by hyphens.
 * They stand in MQTT topics, InfluxDB tags and file names, so no character needs escaping anywhere.
 */
export const identifier = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case letters, digits and single hyphens, e.g. "rolling-line-1"')

export type ParkId = string
export type MeterId = string
export type GatewayId = string

/** The identity of one journal: made when the journal file is made, never reused. 32 hexadecimal digits. */
export const epochIdentifier = z.string().regex(/^[0-9a-f]{32}$/, '32 hexadecimal digits')
export type EpochId = string

/** Number of a batch within its epoch: 1, 2, 3 … without holes. */
export const sequenceNumber = z.int().min(1)

/** SHA-256 of a payload as published, 64 hexadecimal digits. */
export const digest = z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits (SHA-256)')

/** A name in the two languages of the screens. */
export const localName = z.strictObject({ zh: z.string().min(1), en: z.string().min(1) })
export type LocalName = z.infer<typeof localName>

/** The last moment that a Date and Temporal know (ECMA-262 §21.4.1.1): a later one would fail wherever it is shown. */
export const EPOCH_MS_MAX = 8_640_000_000_000_000

/** UTC milliseconds since 1970-01-01T00:00:00Z. */
export const epochMs = z.int().min(0).max(EPOCH_MS_MAX)

/** A moment as it was taken before there was a bound. */
export const takenMs = z.int().min(0)
