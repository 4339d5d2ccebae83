import { z } from 'zod'
import { identifier } from './identity.ts'

/**
 * Who may see and change what on the pages and the API. A route names the access that it needs; a role has some of
 * them. Whoever has none of them for a route is refused, and so is everybody for a route that names none.
 */

/**
 * read: look at what is measured and computed. operate: enter records, decide and comment for one's own enterprise.
 * manage: change what concerns the whole park: close months, targets, configurations. administer: users and tokens.
 */
export const accessKinds = ['read', 'operate', 'manage', 'administer'] as const
export type Access = (typeof accessKinds)[number]

export const roles = {
  administrator: {
    name: { zh: '系统管理员', en: 'Administrator' },
    access: ['read', 'operate', 'manage', 'administer'],
  },
  'park-manager': { name: { zh: '园区管理员', en: 'Park manager' }, access: ['read', 'operate', 'manage'] },
  'enterprise-user': { name: { zh: '企业用户', en: 'Enterprise user' }, access: ['read', 'operate'] },
  auditor: { name: { zh: '审计员', en: 'Auditor' }, access: ['read'] },
} as const satisfies Record<string, { name: { zh: string; en: string }; access: readonly Access[] }>

export type Role = keyof typeof roles
export const roleNames = Object.keys(roles).filter((name): name is Role => name in roles)

/** True when the role has that access. */
export function roleMay(role: Role, access: Access): boolean {
  return roles[role].access.some((each) => each === access)
}

/** What a person types to sign in, and what stands in the audit log; unique whatever the case. */
export const userName = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u, 'letters, digits and signs that can be seen')
  // In the audit log "-" is nobody, and "name (token)" a token of somebody.
  .refine((name) => name !== '-' && !/ \(.*\)$/.test(name), 'stands for somebody else in the audit log')

/** A user to be added. An enterprise user belongs to one enterprise, all others to none. */
export const newUser = z.discriminatedUnion('role', [
  z.strictObject({ name: userName, role: z.literal('enterprise-user'), enterprise: identifier }),
  z.strictObject({ name: userName, role: z.enum(['administrator', 'park-manager', 'auditor']) }),
])
export type NewUser = z.output<typeof newUser>
