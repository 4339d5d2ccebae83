/** Addresses of a register's slots in the API: of a meter's own register, or of another one of the same meter. */

/** The slots of a day. */
export const intervalsPath = (meter: string, day: string, quantity?: string): string =>
  `api/meters/${meter}/intervals?day=${day}${quantity === undefined ? '' : `&quantity=${quantity}`}`

/** One slot with its revisions. */
export const slotPath = (meter: string, slotMs: number, quantity?: string): string =>
  `api/meters/${meter}/slots/${slotMs}${quantity === undefined ? '' : `?quantity=${quantity}`}`
