/** Lengths of time in milliseconds that are the same everywhere. A day of a time zone is no such length: grid.ts. */

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
/** 24 hours. */
export const DAY_MS = 24 * HOUR_MS
