import type { Locator, Page } from 'playwright-core'

/** Something that opens above a page: drawers, dialogs, calendars, lists of a choice. */
export interface Opening {
  readonly path: string
  readonly what: string
  /** What opens it. */
  readonly by: (page: Page) => Locator
  /** What is open then. */
  readonly opened: (page: Page) => Locator
}

const dialog = (page: Page): Locator => page.getByRole('dialog')
const listOfChoice = (page: Page): Locator => page.locator('.ant-select-dropdown')
const calendar = (page: Page): Locator => page.locator('.ant-picker-dropdown')
/** The field of the calendar or choice of so many on a page. */
const calendarField = (page: Page): Locator => page.locator('.calendar-choice input').first()
const choiceField = (page: Page): Locator => page.locator('main [role=combobox]').first()

/** One of each kind on every page that has it; what every page has alike is opened on one of them. */
export const openings: readonly Opening[] = [
  {
    path: '/',
    what: 'a meter',
    by: (page) => page.getByTestId('meters').locator('.meter-name button').first(),
    opened: dialog,
  },
  { path: '/meters/steel-incoming', what: 'the calendar of days', by: calendarField, opened: calendar },
  { path: '/enterprises', what: 'the calendar of months', by: calendarField, opened: calendar },
  { path: '/enterprises', what: 'the choice of an enterprise', by: choiceField, opened: listOfChoice },
  {
    path: '/account',
    what: 'an adjustment',
    by: (page) => page.getByTestId('account-ledger').locator('.panel-head button').first(),
    opened: dialog,
  },
  {
    path: '/balance',
    what: 'a cell',
    by: (page) => page.getByTestId(/^cell-/).first(),
    opened: dialog,
  },
  {
    path: '/fleet',
    what: 'a gateway',
    by: (page) => page.getByTestId('fleet-page').locator('table button').first(),
    opened: dialog,
  },
  {
    path: '/reports',
    what: 'a schedule',
    by: (page) => page.getByTestId('schedules').locator('> button'),
    opened: dialog,
  },
  { path: '/factors', what: 'the choice of an account', by: choiceField, opened: listOfChoice },
  {
    path: '/audit',
    what: 'the calendar of two days',
    by: (page) => page.locator('.ant-picker-range input').first(),
    opened: calendar,
  },
  { path: '/users', what: 'the choice of a role', by: choiceField, opened: listOfChoice },
]
