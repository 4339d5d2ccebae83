import { z } from 'zod'

/** Minutes since midnight of a text such as "07:30". */
export const minutesOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3))

export const timeOfDay = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as "07:30"')
  .transform(minutesOf)
