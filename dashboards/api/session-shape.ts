import { z } from 'zod'
import { accessKinds, roleNames } from '#contract/access.ts'
import { localName } from '#contract/identity.ts'

/** Who the server takes the asker for. */
export const sessionInfo = z.object({
  /** Null where nobody is signed in. */
  user: z.string().nullable(),
  how: z.enum(['session', 'token', 'open']).nullable(),
  role: z.enum(roleNames).nullable(),
  enterprise: z.string().nullable(),
  /** What the asker may do. */
  access: z.array(z.enum(accessKinds)),
  /** To be sent with every change, in the header x-tanbiao-change; null where no session rides on a cookie. */
  changeToken: z.string().nullable(),
})
export type SessionInfo = z.output<typeof sessionInfo>

/** Ways to sign in beside name and password. */
export const signInWays = z.object({
  /** What the provider is called; null where there is none. */
  oidc: localName.nullable(),
})

/** Shortest password (NIST SP 800-63B: length counts, not the kinds of characters). */
export const PASSWORD_CHARACTERS_MIN = 10
