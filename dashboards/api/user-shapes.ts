import { z } from 'zod'
import { accessKinds, roleNames } from '#contract/access.ts'

export const userShape = z.object({
  id: z.int(),
  name: z.string(),
  role: z.enum(roleNames),
  enterprise: z.string().nullable(),
  active: z.boolean(),
  hasPassword: z.boolean(),
  createdAtMs: z.int(),
})

export const tokenShape = z.object({
  id: z.int(),
  name: z.string(),
  user: z.string(),
  access: z.array(z.enum(accessKinds)),
  createdAtMs: z.int(),
  expiresAtMs: z.int().nullable(),
})

export const auditShape = z.object({
  id: z.int(),
  atMs: z.int(),
  user: z.string(),
  address: z.string(),
  action: z.string(),
  detail: z.string(),
})

/** A secret is shown once, to whoever asked for it. */
export const userWithLink = z.object({ user: userShape, link: z.string() })
export const tokenWithSecret = z.object({ token: tokenShape, secret: z.string() })
