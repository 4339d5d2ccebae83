import type { AlarmSubject } from '#contract/alarm.ts'

/** Where there is more to see of what an alarm is of: addresses of pages, behind the #. Pure. */
const pages: Readonly<Record<AlarmSubject['kind'], (id: string) => string>> = {
  meter: (id) => `/meters/${id}`,
  enterprise: (id) => `/enterprises/${id}`,
  gateway: () => '/fleet',
  target: () => '/targets',
  server: () => '/quality',
}

export const subjectPage = ({ kind, id }: AlarmSubject): string => pages[kind](id)
