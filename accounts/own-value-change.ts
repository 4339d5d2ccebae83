import type { Books } from '#store/port.ts'
import type { FuelProperty } from './own-fuel-value.ts'

/** A value that a laboratory would have measured of a source's fuel, in the unit of its factor. */
export interface OwnValueChange extends Pick<FuelProperty, 'account' | 'source' | 'property' | 'value'> {}

/** What is added is of no record of the books. */
const NO_NUMBER = 0

/**
 * Records as they would be, to see what that would restate: the value stands in the place of every one that was measured of
 * that source and property, and over all the time where none was. The books are never changed.
 */
export function recordsWithOwnValue(
  books: Pick<Books, 'records'>,
  { account, source, property, value }: OwnValueChange,
): Pick<Books, 'records'> {
  return {
    records: (wish) => {
      let isFound = false
      const records = books.records(wish).map((each) => {
        const { record, replacedBy } = each
        const isOf =
          record.kind === 'fuel-property' &&
          record.account === account &&
          record.source === source &&
          record.property === property
        if (!isOf || replacedBy !== undefined) return each
        isFound = true
        const { unit: _, ...rest } = record
        return { ...each, record: { ...rest, value } }
      })
      const { from = '1970-01-01', to = '9999-12-31' } = wish
      const isAsked = (wish.account ?? account) === account && (wish.kinds?.includes('fuel-property') ?? true)
      if (isFound || !isAsked) return records
      const record = {
        kind: 'fuel-property' as const,
        account,
        source,
        property,
        value,
        from,
        to,
        document: 'preview',
        by: 'preview',
      }
      return [...records, { number: NO_NUMBER, enteredAtMs: 0, record, replacedBy: undefined }]
    },
  }
}
