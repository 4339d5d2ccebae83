import { z } from 'zod'
import { closingDraft } from '#contract/closing.ts'

/** What is to be signed to close a month, and by which keys. */
export const preparedClosing = z.object({
  draft: closingDraft,
  keys: z.array(z.string()).meta({ description: 'Names of the keys whose signature closes a month' }),
})
