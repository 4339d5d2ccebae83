/** Text in a field of a CSV file that a spreadsheet program opens. Pure. */

/** What such a program takes for a formula (OWASP, CSV injection); a plain number with its sign is none. */
const FORMULA = /^[=+\-@\t\r\n\uFF0B\uFF0D\uFF1D\uFF20]/
const SIGNED_NUMBER = /^[+-]?(?:\d[\d,. ]*[%‰*]?)?$/

/** What persons have entered must not be computed by whoever opens the file: an apostrophe makes it text. */
const harmless = (text: string): string =>
  FORMULA.test(text) && !SIGNED_NUMBER.test(text) ? `'${text}` : text

const quoted = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** A field as it stands in the file (RFC 4180). */
export const csvField = (text: string): string => quoted(harmless(text))
