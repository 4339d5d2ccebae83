import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { giveSecret, takeSecret } from '#ingest/access.ts'
import { dataOption, flag, text } from '../options.ts'
import { serverFolder } from '../server-folder.ts'
import { verb } from '../verb.ts'

const options = z.object({
  park: text.optional().meta({ description: 'The park file; needed with --gateway' }),
  data: dataOption,
  gateway: identifier.optional().meta({ description: 'A gateway of the park' }),
  operator: identifier.optional().meta({
    description: 'A name for a person’s program that publishes signed configurations',
  }),
  out: text.optional().meta({
    description: 'File for the credentials, readable by its owner alone (stdout); "credentialsFile" takes it',
  }),
  remove: flag('Take the password away instead'),
})

/** Where `serve` looks for the secrets of MQTT clients. */
export const accessFolderIn = (data: string): string => join(data, 'mqtt-access')

function clientOf(given: z.output<typeof options>): { name: string; kind: 'gateway' | 'operator' } {
  const { park, gateway, operator } = given
  if (operator !== undefined && gateway === undefined) return { name: operator, kind: 'operator' }
  if (gateway === undefined || operator !== undefined)
    throw new Fault('argument-invalid', 'Give either --gateway or --operator.')
  if (given.remove) return { name: gateway, kind: 'gateway' }
  if (park === undefined)
    throw new Fault('argument-invalid', '--park: the park file tells which gateways there are.')
  if (!readParkFile(park).gateways.has(gateway))
    throw new Fault('argument-invalid', `--gateway: ${park} has no gateway "${gateway}".`)
  return { name: gateway, kind: 'gateway' }
}

/** A new random password for a client of the embedded broker; what the client had before no longer works. */
export const gatewayPassword = verb(
  'Give a gateway a new password at the broker of "serve"',
  options,
  async (given) => {
    const { name, kind } = clientOf(given)
    const folder = accessFolderIn(serverFolder(given.data))
    if (given.remove) {
      if (!takeSecret(folder, name))
        throw new Fault('argument-invalid', `"${name}" has no password in ${folder}.`)
      console.error(`${name} has no password any more`)
      return
    }
    const credentials = stringify({ username: name, password: await giveSecret(folder, name, kind) })
    if (given.out === undefined) return console.log(credentials.trimEnd())
    try {
      writeFileSync(given.out, credentials, { mode: 0o600 })
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new Fault('argument-invalid', `--out: the credentials cannot be written: ${reason}.`, { cause })
    }
    console.error(`${name}: credentials in ${given.out}; they are nowhere else`)
  },
  {
    notes:
      'From the first password on, every gateway needs one (or a certificate). A running server takes it at the next\nconnection. A connection that is open stays until its client leaves.',
  },
)
