/**
 * Every error that leaves a room, in one table: what an operator should do, and whether trying again can help.
 * Codes are kept for ever; one that is no longer used moves to `retiredFaultCodes`, so that none is used twice.
 * docs/faults.md is printed from this table.
 */
export const faultTable = {
  'amount-overflow': {
    advice: 'Choose a coarser resolution for this register in the meter profile.',
    retryable: false,
  },
  'event-contradicts': {
    advice:
      'Compare meter, date and registers with the sheet and with what was read ("tanbiao event list", the page of the meter), or withdraw the event that is wrong. What is true all the same is entered with --anyway ("anyway" over HTTP); the stretch then waits for a decision.',
    retryable: false,
  },
  'argument-invalid': { advice: 'Run the command with --help.', retryable: false },
  'port-taken': {
    advice: 'Stop the other program that listens there, or choose another port.',
    retryable: false,
  },
  'folder-unusable': {
    advice: 'Create the folder, or give another with --data; it must be writable by this user.',
    retryable: false,
  },
  'already-running': {
    advice: 'Use the running copy, stop it, or give this one its own folder with --data.',
    retryable: false,
  },
  'web-not-built': { advice: 'Run "npm run build:web" once.', retryable: false },
  'not-found': {
    advice:
      'Check the name or number: the park file and /api/park have every id, the list of its kind every entry.',
    retryable: false,
  },
  'not-simulated': {
    advice:
      'See what there is: /meters, /faults and /truth of the simulator, or "meters", "faults" and "truth" at its prompt.',
    retryable: false,
  },
  'request-invalid': { advice: 'Correct the part of the request that is named.', retryable: false },
  'sign-in-needed': { advice: 'Sign in, or send a valid token, and ask again.', retryable: false },
  'not-allowed': {
    advice: 'Ask an administrator for the role that this needs; what you may see is unchanged.',
    retryable: false,
  },
  'sign-in-refused': {
    advice: 'Check name and password; an administrator can make a new one-time link.',
    retryable: false,
  },
  'sign-in-unavailable': {
    advice: 'Try again later, or sign in with name and password; check the issuer in sign-in.yaml.',
    retryable: true,
  },
  'font-missing': {
    advice:
      'Install a font with Chinese characters (Debian: fonts-wqy-microhei or fonts-noto-cjk) or name one with --report-font; a page can be printed meanwhile.',
    retryable: false,
  },
  'report-damaged': {
    advice: 'Restore the folder of reports from a backup; the same report can be made anew on the page.',
    retryable: false,
  },
  'link-ended': { advice: 'Ask an administrator for a new one-time link.', retryable: false },
  'too-many-requests': { advice: 'Wait a minute, then try again.', retryable: true },
  'name-taken': { advice: 'Choose another name.', retryable: false },
  'viewers-full': { advice: 'Close screens that nobody watches, then connect again.', retryable: true },
  'unexpected-error': {
    advice: 'Read the server’s log at this moment and report it as a defect.',
    retryable: false,
  },
  'process-ended': { advice: 'Read the lines that it printed before it ended.', retryable: true },
  'file-unreadable': { advice: 'Check the path and its permissions.', retryable: false },
  'file-invalid': { advice: 'Correct the file at the place named; nothing was applied.', retryable: false },
  'profile-unknown': {
    advice: 'Use one of firmware-config/profiles, or add a file for this model there.',
    retryable: false,
  },
  'bus-timeout': { advice: 'Check cabling, address and baud rate of the meter.', retryable: true },
  'bus-disconnected': { advice: 'Check the network to the meter or serial server.', retryable: true },
  'bus-frame-invalid': {
    advice: 'Check for a second master, electrical noise or the wrong Modbus variant.',
    retryable: true,
  },
  'bus-exception': { advice: 'Compare the profile with the meter’s register map.', retryable: true },
  'journal-unusable': {
    advice: 'Check the disk of the gateway; readings cannot be kept safe until it works.',
    retryable: true,
  },
  'uplink-refused': { advice: 'Check the gateway’s name and rights at the broker.', retryable: true },
  'message-undecodable': {
    advice: 'Look at the raw payload in quarantine; the sender does not speak this protocol.',
    retryable: false,
  },
  'message-invalid': {
    advice: 'Look at the payload in quarantine and correct the sender.',
    retryable: false,
  },
  'number-reused': {
    advice:
      'Two journals share one identity: an old copy was put back, or the gateway exists twice from one disk image. Give one a new journal, then discard these entries (docs/quarantine-and-gaps.md).',
    retryable: false,
  },
  'gateway-mismatch': {
    advice: 'The topic and the payload name different gateways: find out who published it.',
    retryable: false,
  },
  'gateway-unknown': {
    advice: 'Add the gateway to the park file, then replay its payloads from quarantine.',
    retryable: false,
  },
  'meter-unknown': {
    advice: 'Add the meter to the park file, then replay it from quarantine.',
    retryable: false,
  },
  'meter-foreign': {
    advice: 'The park file gives this meter to another gateway: correct the one that is wrong.',
    retryable: false,
  },
  'quantity-unknown': { advice: 'Use a quantity of the catalogue.', retryable: false },
  'value-kind-wrong': {
    advice: 'Cumulative quantities travel as a count with its resolution, others as numbers.',
    retryable: false,
  },
  'time-in-future': {
    advice:
      'Set the clock that is wrong: the gateway’s, or the server’s where many gateways seem to be ahead; then replay with --clock-was-wrong.',
    retryable: false,
  },
  'time-before-meter': {
    advice: 'Check the gateway’s clock and the meter’s date of installation.',
    retryable: false,
  },
  'value-beyond-rating': {
    advice: 'Check the meter’s rating in the park file, its ratios and its wiring.',
    retryable: false,
  },
  'register-impossible': {
    advice:
      'Check where the register starts again (wrapsAt in the park file), its resolution and the meter’s profile.',
    retryable: false,
  },
  'quarantine-closed': {
    advice: 'Look at it with "tanbiao quarantine show": it was decided on, or there is no such entry.',
    retryable: false,
  },
  'quarantine-refused': {
    advice: 'Correct the park file or give the payload as it should be (--payload), then replay it again.',
    retryable: false,
  },
  'gap-closed': {
    advice:
      'Look at the list with "tanbiao gaps list": it was filled or accepted, or there is no such entry.',
    retryable: false,
  },
  'alarm-acknowledged': {
    advice: 'Look at the alarm: somebody has acknowledged it; a remark can still be added.',
    retryable: false,
  },
  'reading-measured': {
    advice:
      'Leave the line out, or give it the quality "manual" if it is to stand above what was measured; then import or replay it.',
    retryable: false,
  },
  'store-refused': {
    advice: 'Read the server’s reason; the reading waits in quarantine.',
    retryable: false,
  },
  'store-unavailable': {
    advice: 'Start the store or correct its address and rights; gateways keep their readings meanwhile.',
    retryable: true,
  },
  'store-url-invalid': {
    advice:
      'Use sqlite:FILE, influx1://HOST:PORT/DATABASE, influx2://HOST:PORT/ORG/BUCKET or influx3://HOST:PORT/DATABASE.',
    retryable: false,
  },
  'retention-differs': {
    advice:
      'Let the server of the store keep readings for at least as many days, or ask for fewer with --keep-readings-days.',
    retryable: false,
  },
  'books-unusable': { advice: 'Check the disk and the permissions of the data folder.', retryable: true },
  'broker-unprotected': {
    advice:
      'Give every gateway a password ("tanbiao gateway password"), or serve with --mqtt-certificate and --mqtt-client-ca, or listen on 127.0.0.1.',
    retryable: false,
  },
  'broker-unavailable': { advice: 'Start the MQTT broker or correct its address.', retryable: true },
  'host-unknown': {
    advice: 'Use the address that the server printed, or start it with --name and the name of this host.',
    retryable: false,
  },
  'serial-device-unusable': {
    advice:
      'Check that the adapter is plugged in, that this user may open it (group dialout) and that no other program holds it.',
    retryable: true,
  },
  'program-missing': {
    advice: 'Install the program that is named, or leave out the option that needs it.',
    retryable: false,
  },
  'journal-full': {
    advice: 'Restore the uplink, or give the journal a larger quota.',
    retryable: true,
  },
  'uplink-untrusted': {
    advice: 'Check the CA file, and the name and dates of the broker’s certificate; nothing was sent.',
    retryable: true,
  },
  'uplink-certificate-refused': {
    advice: 'Give the gateway a certificate that is valid now and signed by the CA that the broker trusts.',
    retryable: true,
  },
  'server-unavailable': { advice: 'Start the server or correct its address.', retryable: true },
  'grade-differs': {
    advice: 'Open the intervals named: nothing visible explains why they differ from the truth.',
    retryable: false,
  },
  'factor-missing': {
    advice: 'Add a row with its document to the factor files, or choose a year or set that has one.',
    retryable: false,
  },
  'factor-ambiguous': { advice: 'End the validity of one of the two rows.', retryable: false },
  'correction-invalid': {
    advice: 'Name a record of the same account and kind that nothing has replaced ("tanbiao record list").',
    retryable: false,
  },
  'certificate-used': {
    advice: 'A certificate counts once: withdraw it where it stands before it is entered elsewhere.',
    retryable: false,
  },
  'steam-state-invalid': {
    advice:
      'Correct pressure (absolute) and temperature of the source in accounting.yaml, or give its enthalpy.',
    retryable: false,
  },
  'entry-invalid': {
    advice: 'Look at the entry that it names with "tanbiao ledger show".',
    retryable: false,
  },
  'closing-untrusted': {
    advice:
      'Sign what is shown now with a key that closing-keys.yaml beside the park file names; nothing was closed.',
    retryable: false,
  },
  'month-closed': {
    advice: 'Reopen the month with its reason ("tanbiao ledger reopen"), or leave it as it was published.',
    retryable: false,
  },
  'ledger-damaged': {
    advice: 'Restore the books or the factor files from a backup of before the change, then verify again.',
    retryable: false,
  },
  'audit-damaged': {
    advice:
      'Keep the file as evidence, find out who could write to it, and restore it from a backup of before.',
    retryable: false,
  },
  'unit-mismatch': { advice: 'Enter the quantity in the unit of the factor.', retryable: false },
  'record-refused': {
    advice:
      'Correct the record with one that replaces it: until then the figure it belongs to is not available.',
    retryable: false,
  },
  'configuration-untrusted': {
    advice: 'Sign with a key of the gateway’s trust file, or add the key there; nothing was applied.',
    retryable: false,
  },
  'configuration-outdated': {
    advice: 'Sign it again with a version higher than any that the gateway has tried; nothing was applied.',
    retryable: false,
  },
  'configuration-refused': {
    advice: 'Correct what the gateway names and publish it; the former configuration goes on.',
    retryable: false,
  },
  'configuration-rolled-back': {
    advice: 'The former configuration is back: correct this one and publish it under a higher version.',
    retryable: false,
  },
  'gateway-silent': {
    advice: 'Check that the gateway runs and is connected; what was published waits at the broker for it.',
    retryable: true,
  },
} as const satisfies Record<string, { advice: string; retryable: boolean }>

export type FaultCode = keyof typeof faultTable

/** Codes of earlier versions: never to be used again for anything else. */
export const retiredFaultCodes: readonly string[] = []

/** Where in a file, message or machine a fault lies. */
export interface FaultPlace {
  readonly file?: string
  readonly line?: number
  readonly column?: number
  /** Path inside a document, topic, meter or address: whatever finds it. */
  readonly path?: string
}

/** The one error class of the system: a code of the table, what happened, and where. */
export class Fault extends Error {
  readonly code: FaultCode
  readonly place: FaultPlace | undefined

  constructor(code: FaultCode, what: string, options: { place?: FaultPlace; cause?: unknown } = {}) {
    super(what, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Fault'
    this.code = code
    this.place = options.place
  }

  get advice(): string {
    return faultTable[this.code].advice
  }

  get retryable(): boolean {
    return faultTable[this.code].retryable
  }
}

/** `file:line:column` as editors and terminals understand it; empty where nothing is known. */
export function placeText(place: FaultPlace | undefined): string {
  if (place === undefined) return ''
  const position = [place.file, place.line, place.column].filter((part) => part !== undefined).join(':')
  return [position, place.path].filter((part) => part !== undefined && part !== '').join(' ')
}

/** One paragraph for a person: place, what happened, what to do. */
export function faultText(fault: Fault): string {
  const place = placeText(fault.place)
  // The findings of a data file begin with their places already.
  const prefix = place === '' || fault.message.startsWith(place) ? '' : `${place}: `
  return `${prefix}${fault.message}\n  → ${fault.advice} [${fault.code}]`
}
