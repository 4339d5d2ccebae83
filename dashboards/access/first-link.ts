import type { Clock } from '#contract/clock.ts'
import type { AccessBook } from '#store/access-book.ts'
import type { SignIn } from './sign-in.ts'

/** One-time links by which people choose a password. */

/** Where a person chooses a password. The secret stands behind the #, which browsers send to nobody. */
export const linkOf = (secret: string): string => `/#/welcome/${secret}`

/** The name of the administrator that the first start makes. */
const FIRST_ADMINISTRATOR = 'admin'

/** A new one-time link for as long as no administrator has a password: nothing has a default one. */
export function firstLink(book: AccessBook, signIn: SignIn, clock: Clock, url: string): string | undefined {
  const administrators = book.users().filter(({ role, active }) => role === 'administrator' && active)
  if (administrators.some(({ hasPassword }) => hasPassword)) return undefined
  const [first] = administrators
  const user = first ?? book.addUser({ name: FIRST_ADMINISTRATOR, role: 'administrator' }, clock.wallMs())
  return url + linkOf(signIn.newLink(user))
}
