import { writeFileSync } from 'node:fs'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { newSigningKey } from '#firmware-config/signature.ts'
import { text } from '../options.ts'
import { verb } from '../verb.ts'

const options = z.object({
  name: text.default('operations').meta({ description: 'Whose key it is (operations)' }),
  out: text.default('operations.key').meta({
    description: 'File for the private half (operations.key); it must not be there yet',
  }),
})

/** A key pair for configurations: the private half into a file, the public one as a trust file for gateways. */
export const configureKey = verb(
  'Make a key that signs configurations, and print the trust file of gateways',
  options,
  (given) => {
    const { privatePem, publicText } = newSigningKey()
    try {
      // Never over a key that gateways trust.
      writeFileSync(given.out, privatePem, { mode: 0o600, flag: 'wx' })
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new Fault('argument-invalid', `--out: the key cannot be written: ${reason}.`, { cause })
    }
    console.log(`keys:\n  - name: ${JSON.stringify(given.name)}\n    key: ${publicText}`)
    return Promise.resolve()
  },
)
