import { z } from 'zod'
import { quantities } from './catalogue.ts'

/** The catalogue of quantities (catalogue.ts), with the schema of their names. */
export * from './catalogue.ts'

/** Validates a quantity's name. JSON Schema: the list of all names. */
export const quantityName = z.enum(quantities.map((quantity) => quantity.name))
