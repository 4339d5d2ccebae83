import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { AccessBook } from '#store/access-book.ts'
import { headFindings, headsIn } from '../ledger-heads.ts'
import { dataOption, text } from '../options.ts'
import { readText } from '../read-text.ts'
import { serverFile } from '../server-folder.ts'
import { verb } from '../verb.ts'

/** Proves the audit log of a server's pages. */
export const auditVerify = verb(
  'Prove the audit log of the pages: every entry as it was written, and none gone',
  z.object({
    data: dataOption,
    heads: text.optional().meta({
      description:
        'File with lines of "ledger heads", kept elsewhere: entries that are gone since are told of',
    }),
  }),
  async ({ data, heads }) => {
    const noted = heads === undefined ? [] : headsIn(readText(heads), heads)
    const book = new AccessBook(serverFile(data, 'access.sqlite'))
    try {
      const { auditLog: audit } = book
      const findings = [...audit.findings(), ...headFindings({ audit }, noted)]
      for (const { entry, message } of findings)
        console.log(entry === 0 ? message : `entry ${entry}: ${message}`)
      console.log(`${audit.head().id} entries`)
      if (findings.length > 0)
        throw new Fault('audit-damaged', `${findings.length} things are not as they were.`)
      console.log('everything is as it was written')
    } finally {
      book.close()
    }
  },
)
