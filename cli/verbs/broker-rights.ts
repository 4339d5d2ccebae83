import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import { brokerKinds, brokerRightsFile } from '#firmware-config/broker-rights.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { text } from '../options.ts'
import { verb } from '../verb.ts'

const options = z.object({
  park: text.meta({ description: 'The park file' }),
  for: z
    .enum(brokerKinds)
    .default('mosquitto')
    .meta({ description: 'mosquitto (acl_file) or emqx (acl.conf)' }),
  ingest: z
    .array(identifier)
    .default([])
    .meta({ description: 'Username of an ingest worker (tanbiao-ingest); may be given several times' }),
  operator: z.array(identifier).default([]).meta({
    description: 'Username of a program that publishes configurations; may be given several times',
  }),
})

/** The access control file of a broker that is not ours, on stdout. */
export const brokerRights = verb(
  'Print the access control file of mosquitto or EMQX for a park',
  options,
  (given) => {
    const park = readParkFile(given.park)
    const ingest = given.ingest.length === 0 ? ['tanbiao-ingest'] : given.ingest
    const clash = [...ingest, ...given.operator].find((name) => park.gateways.has(name))
    if (clash !== undefined)
      throw new Fault(
        'argument-invalid',
        `"${clash}" is a gateway of the park: it cannot be another client too.`,
      )
    process.stdout.write(brokerRightsFile(given.for, { park, ingest, operators: given.operator }))
    return Promise.resolve()
  },
)
