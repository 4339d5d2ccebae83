import { dirname } from 'node:path'
import { z } from 'zod'
import { checkedGateway } from '#firmware-config/gateway-text.ts'
import { openProfiles } from '#firmware-config/profile-library.ts'
import { readSigningKey, signConfiguration } from '#firmware-config/signature.ts'
import { readText } from '../read-text.ts'
import { text } from '../options.ts'
import { verb } from '../verb.ts'

const options = z.object({
  config: text.meta({ description: 'The gateway file to sign; it is checked first' }),
  key: text.meta({ description: 'File with the private key' }),
  version: z.coerce.number().int().min(1).meta({
    description: 'Its number: higher than any that this gateway has tried',
  }),
  profiles: text.optional().meta({ description: 'A folder with profiles of your own' }),
})

/** A gateway file to the signed message, on stdout. */
export const configureSign = verb(
  'Check a gateway file and print it as a signed configuration',
  options,
  (given) => {
    const key = readSigningKey(given.key)
    const content = readText(given.config)
    const { gateway, park } = checkedGateway(
      content,
      { name: given.config, folder: dirname(given.config) },
      openProfiles(given.profiles).load,
    )
    console.log(
      JSON.stringify(signConfiguration({ park, gateway, version: given.version, text: content }, key)),
    )
    return Promise.resolve()
  },
)
