import { DAY_MS } from '#contract/duration.ts'
import { weekdays, type Weekday } from './flow-kinds.ts'

/** Days of work and of rest, numbered from 1970-01-01. */
export interface Calendar {
  /** `restDays` are those of a load; those of the scenario where it names none. A load without any never rests. */
  restsOn(day: number, restDays: readonly Weekday[] | undefined): boolean
}

interface CalendarParts {
  readonly restDays: readonly Weekday[]
  /** First and last day, as dates. */
  readonly closures: readonly (readonly [string, string])[]
}

const dayOfDate = (date: string): number => Math.round(Date.parse(`${date}T00:00:00Z`) / DAY_MS)

/** 1970-01-01 was a Thursday. */
const weekdayOf = (day: number): Weekday => weekdays[(day + 4) % 7] ?? 'sunday'

/** The calendar of a scenario. */
export function makeCalendar({ restDays, closures }: CalendarParts): Calendar {
  const closed = closures.map(([first, last]) => [dayOfDate(first), dayOfDate(last)] as const)
  return {
    restsOn: (day, own) => {
      const days = own ?? restDays
      if (days.length === 0) return false
      return days.includes(weekdayOf(day)) || closed.some(([first, last]) => first <= day && day <= last)
    },
  }
}
