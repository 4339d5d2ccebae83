import { z } from 'zod'
import { roleNames, userName, type NewUser } from '#contract/access.ts'
import { identifier, localName } from '#contract/identity.ts'

/** Signing in at a provider of OpenID Connect: sign-in.yaml beside the park file, and what a person's claims make of them. */

const oidc = z.strictObject({
  name: localName.meta({ description: 'What the button says: sign in with …' }),
  issuer: z.url({ protocol: /^https?$/ }).meta({
    description: 'The provider; http: on the loopback only',
  }),
  clientId: z.string().min(1),
  clientSecretFile: z.string().min(1).optional().meta({
    description: 'File with the secret of the client; left out for a public client, which PKCE protects',
  }),
  address: z.url({ protocol: /^https?$/ }).meta({
    description:
      'These pages as browsers reach them; …/api/v1/session/oidc/callback below it is registered at the provider',
  }),
  scopes: z.array(z.string().min(1)).default(['openid', 'profile']),
  nameClaim: z.string().min(1).default('preferred_username').meta({
    description: 'What a person is called here; no local user may have the same name',
  }),
  groupsClaim: z.string().min(1).default('groups').meta({ description: 'A text, or a list of texts' }),
  enterpriseClaim: z.string().min(1).optional().meta({
    description: 'The enterprise of an enterprise user, where its line names none',
  }),
  roles: z
    .array(
      z.strictObject({
        group: z.string().min(1),
        role: z.enum(roleNames),
        enterprise: identifier.optional(),
      }),
    )
    .min(1)
    .meta({ description: 'The first line whose group a person has holds; who has none is not let in' }),
})
export type OidcSettings = z.output<typeof oidc>

export const signInFile = z
  .strictObject({ oidc })
  .refine(
    ({ oidc: { roles, enterpriseClaim } }) =>
      roles.every(
        ({ role, enterprise }) =>
          role !== 'enterprise-user' || enterprise !== undefined || enterpriseClaim !== undefined,
      ),
    'an enterprise user needs an "enterprise", or "enterpriseClaim" says where it stands',
  )
  .refine(
    ({ oidc: { roles } }) =>
      roles.every(({ role, enterprise }) => role === 'enterprise-user' || enterprise === undefined),
    'only an enterprise user has an "enterprise"',
  )

export type Claims = Readonly<Record<string, unknown>>

function textsIn(claims: Claims, name: string): readonly string[] {
  const value = claims[name]
  const each = Array.isArray(value) ? value : [value]
  return each.filter((text) => typeof text === 'string')
}

/**
 * The user that a person's claims make; undefined for one that no line lets in, or whose enterprise the park does not
 * have.
 */
export function userOfClaims(
  { nameClaim, groupsClaim, enterpriseClaim, roles }: OidcSettings,
  claims: Claims,
  enterprises: readonly string[],
): NewUser | undefined {
  const [name] = textsIn(claims, nameClaim)
  const groups = textsIn(claims, groupsClaim)
  const line = roles.find(({ group }) => groups.includes(group))
  const shown = userName.safeParse(name).data
  if (line === undefined || shown === undefined) return undefined
  if (line.role !== 'enterprise-user') return { name: shown, role: line.role }
  const [claimed] = enterpriseClaim === undefined ? [] : textsIn(claims, enterpriseClaim)
  const enterprise = line.enterprise ?? claimed
  return enterprise !== undefined && enterprises.includes(enterprise)
    ? { name: shown, role: line.role, enterprise }
    : undefined
}
