import { z } from 'zod'
import { newUser, roleNames } from '#contract/access.ts'
import { Fault } from '#contract/fault.ts'
import { SignIn } from '#dashboards/access/sign-in.ts'
import { AccessBook } from '#store/access-book.ts'
import { dataOption, text } from '../options.ts'
import { serverFile } from '../server-folder.ts'
import { systemClock } from '../system-clock.ts'
import { verb } from '../verb.ts'

const options = z.object({
  data: dataOption,
  name: text.meta({ description: 'The user, who is added with --role where there is none of that name' }),
  role: z.enum(roleNames).optional().meta({ description: 'Role of a new user' }),
  enterprise: text.optional().meta({ description: 'Enterprise of a new enterprise-user' }),
})

/** A one-time link for a user, made on the server's machine: the way back in when nobody can sign in. */
export const userLink = verb(
  'Print a one-time link with which a user chooses a password',
  options,
  ({ data, name, role, enterprise }) => {
    const book = new AccessBook(serverFile(data, 'access.sqlite'))
    try {
      const wanted = newUser.safeParse({ name, role, ...(enterprise === undefined ? {} : { enterprise }) })
      if (book.userNamed(name) === undefined && !wanted.success) {
        throw new Fault('argument-invalid', `There is no user "${name}": ${z.prettifyError(wanted.error)}`)
      }
      const known = book.userNamed(name)
      const user = known ?? (wanted.success ? book.addUser(wanted.data, systemClock.wallMs()) : undefined)
      if (user === undefined) throw new Fault('not-found', `There is no user "${name}".`)
      book.note({
        atMs: systemClock.wallMs(),
        user: '-',
        address: 'command line',
        action: 'tanbiao user link',
        detail: `${user.name} (${user.role})`,
      })
      console.log(`/#/welcome/${new SignIn(book, systemClock).newLink(user)}`)
    } finally {
      book.close()
    }
    return Promise.resolve()
  },
  { notes: 'Put the address of the pages before it. It is good once, for 48 hours.' },
)
