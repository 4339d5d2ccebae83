import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { discardAllQuarantined, discardQuarantined, replayQuarantined } from '#ingest/quarantine.ts'
import { openReadingStore } from '#store/open.ts'
import { booksOptions, personOptions } from '../books-file.ts'
import { flag, storeOption, text } from '../options.ts'
import { readText } from '../read-text.ts'
import { storeAddress, withBooks } from '../server-folder.ts'
import { verb } from '../verb.ts'

const id = z.coerce.number().int().meta({ description: 'The entry' })

const replayOptions = z.object({
  id,
  park: text.meta({ description: 'The park file, as it is now' }),
  ...booksOptions,
  store: storeOption,
  payload: text.optional().meta({ description: 'File with the payload as it should be' }),
  gateway: identifier.optional().meta({ description: 'Take it as from this gateway' }),
  'beyond-rating': flag('Accept values although they are beyond the meter’s rating'),
  'clock-was-wrong': flag('Judge its times as of now: the server’s clock was wrong when it arrived'),
  ...personOptions,
})

/** A refused payload or sample once more, by the park file as it is now. */
export const quarantineReplay = verb(
  'Take an entry of quarantine after all',
  replayOptions,
  async (given) => {
    const park = readParkFile(given.park)
    const payload = given.payload === undefined ? undefined : readText(given.payload)
    const { by, reason, gateway } = given
    const store = await openReadingStore(storeAddress(given.data, given.store))
    try {
      const isRatingWaived = given['beyond-rating']
      const isArrivalWaived = given['clock-was-wrong']
      const request = { by, reason, gateway, payload, isRatingWaived, isArrivalWaived }
      const result = await withBooks(given.data, (books, clock) =>
        replayQuarantined(given.id, request, { books, store, park, clock }),
      )
      console.log(`${result.stored} readings stored`)
      for (const { code, detail } of result.refused) console.log(`refused again: ${detail} [${code}]`)
    } finally {
      await store.close()
    }
  },
)

const discardOptions = z.object({
  id: z.coerce.number().int().optional().meta({ description: 'The entry; or all that are open and have:' }),
  gateway: identifier.optional().meta({ description: 'this gateway' }),
  code: text.optional().meta({ description: 'this code, as "quarantine list" shows it' }),
  ...booksOptions,
  ...personOptions,
})

/** An entry is let be, or all of a kind; their payloads stay with the reason. */
export const quarantineDiscard = verb(
  'Let an entry of quarantine be, or all of a gateway or code',
  discardOptions,
  async (given) => {
    const { by, reason, id: one, gateway, code } = given
    const isMany = gateway !== undefined || code !== undefined
    if ((one === undefined) !== isMany)
      throw new Fault('argument-invalid', 'Give --id, or --gateway, --code or both.')
    await withBooks(given.data, (books, clock) => {
      if (one === undefined) {
        const count = discardAllQuarantined({ gateway, code }, { by, reason }, { books, clock })
        console.log(`${count} entries are discarded`)
        return
      }
      discardQuarantined(one, { by, reason }, { books, clock })
      console.log(`entry ${one} is discarded`)
    })
  },
)
