/** What each address is for, in a line: the summaries of the API's description. */
const summaries: Readonly<Record<string, string>> = {
  'GET /healthz': 'Whether the process answers at all',
  'GET /readyz': 'Whether readings can be taken and kept now, or what is in the way (503)',
  'GET /metrics': 'Figures of the process for Prometheus',
  'GET /api/openapi.json': 'This description',
  'GET /api/live': 'Live stream of server-sent events: snapshot, change, tick',
  'GET /api/park': 'The park’s tree: enterprises, processes, equipment, meters, gateways',
  'GET /api/overview': 'The park now: power, energy of the day, every meter and gateway with its state',
  'GET /api/load': 'Electric load of the park and of each enterprise over the last minutes',
  'GET /api/load/day': 'Mean load of the park and of each enterprise in the 15 minutes of a day',
  'GET /api/meters/{id}': 'A meter: its facts, its place, and the newest reading of every quantity',
  'GET /api/meters/{id}/curve': 'Power or flow of a meter, thinned without bridging a gap',
  'GET /api/meters/{id}/intervals':
    'A day’s 15-minute slots of a meter with method, coverage, revision and registers',
  'GET /api/meters/{id}/energy': 'Energy of a meter by hour, day, month or year, with what is missing',
  'GET /api/meters/{id}/events': 'What happened to a meter: replacement, reset, changed ratios',
  'POST /api/v1/meters/{id}/events':
    'Decides what happened to a meter or its register; also what a slot that is undecided waits for',
  'POST /api/v1/meters/{id}/entries/{entry}/withdraw':
    'Takes back what a person said of a meter: an event, a reading, an energy',
  'GET /api/meters/{id}/quality': 'Gaps and quarantine of a meter',
  'GET /api/meters/{id}/reader': 'Who reads a meter, and how well',
  'GET /api/meters/{id}/slots/{slot}':
    'A slot of a meter: all its revisions, down to readings with gateway, epoch and sequence',
  'GET /api/power/{flow}':
    'What a power is the sum of now: newest readings of its meters, with gateway, epoch and sequence',
  'GET /api/energy/{carrier}/{flow}': 'What a total of energy is the sum of: its meters over some days',
  'GET /api/v1/accounts/{account}/records':
    'Records that were entered: bills, stocks, production, values of laboratories',
  'POST /api/v1/accounts/{account}/records':
    'Enters records (docs/schemas/accounting-record.json without account and by), all of them or none',
  'POST /api/v1/accounts/{account}/positions': 'Enters an allowance, an offset or a certificate',
  'POST /api/v1/accounts/{account}/adjustments': 'Enters an adjustment in tCO2, with its reason and document',
  'GET /api/v1/accounts/{account}/closing-draft':
    'What is to be signed to close a month: its totals, the chain before it, and whose signature counts',
  'POST /api/v1/accounts/{account}/closings':
    'Closes a month and locks its intervals, with a signature that was made where the key is',
  'POST /api/v1/accounts/{account}/reopenings': 'Reopens a closed month, with its reason',
  'POST /api/v1/accounts/{account}/reversals': 'Takes back an adjustment or a position, with its reason',
  'GET /api/v1/accounts/{account}/day':
    'Postings of a day so far as its month will count them, with formula, factors and evidence',
  'GET /api/v1/day': 'Emissions of the day beside other days, its energy mix, and where the energy flows',
  'GET /api/v1/flow': 'Where energy flows at this moment: sources, conversions with their losses, users',
  'GET /api/enterprises/{enterprise}/load':
    'Load of an enterprise or of the park’s own by 15 minutes of a day',
  'GET /api/enterprises/{enterprise}/profile': 'Energy of every hour of a month',
  'GET /api/enterprises/{enterprise}/month':
    'What a month adds up to: carriers, workshops and equipment, power factor, production',
  'GET /api/fleet': 'Every gateway as the server hears it, beside what it says of itself',
  'POST /api/v1/fleet/{id}/configuration':
    'Publishes a configuration that was signed elsewhere to its gateway',
  'GET /api/quality/completeness': 'Slots of every meter and day of a month: expected, known, in part',
  'GET /api/quality/health': 'How complete the data of the day are, and what waits for a person',
  'GET /api/quality/closures':
    'What flowed through meters against what is measured behind them, over a month',
  'GET /api/v1/gaps': 'Gaps that the viewer may see, newest first, with their state and remarks',
  'POST /api/v1/gaps/{id}/accept': 'Lets a gap be, with a reason',
  'POST /api/v1/gaps/{id}/remarks': 'A remark on an open gap',
  'GET /api/v1/quarantine': 'What was refused, newest first',
  'GET /api/v1/quarantine/{id}': 'An entry of quarantine with its whole payload',
  'POST /api/v1/quarantine/{id}/replay': 'Takes an entry of quarantine after all, validated anew',
  'POST /api/v1/quarantine/{id}/discard': 'Lets an entry of quarantine be, with a reason',
  'GET /api/alarms': 'Alarms that hold, or all of them, newest first',
  'GET /api/alarms/count': 'How many alarms hold, and how many nobody has acknowledged',
  'GET /api/alarms/rules': 'The rules of alarms',
  'POST /api/v1/alarms/{id}/acknowledge': 'Acknowledges an alarm',
  'POST /api/v1/alarms/{id}/remarks': 'A remark on an alarm',
  'GET /api/quality': 'Holes, gaps and quarantine',
  'GET /api/v1/accounts': 'The carbon accounts that the viewer may see, and their months',
  'GET /api/v1/accounts/{account}/coal-preview':
    'What another coefficient of standard coal would make of an account’s consumption',
  'GET /api/v1/accounts/{account}/cost-preview':
    'What another price would make of an account’s cost of electricity',
  'GET /api/v1/carbon': 'What all accounts have posted in some months, and their sum',
  'GET /api/v1/accounts/{account}/statement': 'Statement of an account, as known on a day',
  'GET /api/v1/accounts/{account}/entries': 'Entries of an account’s ledger, oldest first',
  'GET /api/v1/accounts/{account}/positions': 'Allowances, targets, offsets and certificates of an account',
  'GET /api/v1/accounts/{account}/entries/{entry}/trace':
    'From a posting to a 15-minute slot and the readings that it rests on',
  'GET /api/v1/late-data': 'What came late to closed months, and which accounts it would change',
  'GET /api/v1/accounts/{account}/late-data': 'The same of one account',
  'GET /api/v1/accounts/{account}/electricity-cost':
    'What an account’s electricity of a month costs by its tariff',
  'GET /api/v1/accounts/{account}/load': 'Demand, load factor, base load and hours of an account’s month',
  'GET /api/v1/accounts/{account}/electricity-cost/sheets':
    'The electricity bill as sheets, to show or print',
  'GET /api/v1/accounts/{account}/electricity-cost/file':
    'The electricity bill as a spreadsheet (XLSX or CSV)',
  'GET /api/v1/accounts/{account}/load/sheets': 'Load figures as sheets, to show or print',
  'GET /api/v1/accounts/{account}/load/file': 'Load figures as a spreadsheet (XLSX or CSV)',
  'GET /api/v1/accounts/{account}/baseline':
    'An energy baseline by regression, and the months held against it',
  'GET /api/v1/accounts/{account}/baseline/file': 'The same as a spreadsheet (XLSX or CSV)',
  'GET /api/v1/accounts/{account}/products': 'Products of an account and the processes that make them',
  'GET /api/v1/accounts/{account}/products/{product}/footprint':
    'Embedded emissions of a product, gate to gate, as a CBAM declarant asks for them',
  'GET /api/v1/accounts/{account}/products/{product}/footprint/dataset':
    'The same as a data set for footprint databases, with its quality',
  'GET /api/v1/accounts/{account}/products/{product}/footprint/file':
    'The same as a spreadsheet (XLSX or CSV)',
  'GET /api/v1/accounts/{account}/restatement-preview':
    'What a change of factors would restate in an account',
  'GET /api/v1/accounts/{account}/targets/{target}/preview':
    'Where a target would stand with another limit; nothing is written',
  'GET /api/v1/accounts/{account}/targets': 'Targets of an account and how it stands to them',
  'GET /api/v1/factors': 'Factors with their versions, validity and documents',
  'GET /api/v1/targets': 'Targets of the park and how it stands to them',
  'GET /api/v1/targets/file': 'Targets as a spreadsheet',
  'POST /api/v1/report-schedules': 'Makes a schedule of reports; it begins with the next period',
  'PATCH /api/v1/report-schedules/{schedule}': 'Changes a schedule that was made on the page',
  'DELETE /api/v1/report-schedules/{schedule}': 'Ends a schedule that was made on the page; its reports stay',
  'GET /api/v1/scheduled-reports': 'Schedules of reports with what is next, and what was made by them',
  'GET /api/v1/scheduled-reports/{schedule}/{period}/{file}':
    'A file of a scheduled report of the whole park',
  'GET /api/v1/accounts/{account}/scheduled-reports/{schedule}/{period}/{file}':
    'A file of a scheduled report of an account',
  'GET /api/v1/session': 'Who asks, and what they may',
  'POST /api/v1/session': 'Signs in with name and password',
  'DELETE /api/v1/session': 'Signs out',
  'GET /api/v1/session/ways': 'Ways to sign in beside name and password',
  'GET /api/v1/session/oidc/start': 'Goes to the provider of OpenID Connect',
  'GET /api/v1/session/oidc/callback': 'Comes back from the provider, and signs in',
  'POST /api/v1/session/link': 'Chooses a password through a one-time link',
  'POST /api/v1/session/password': 'Changes one’s own password',
  'GET /api/v1/users': 'All users',
  'POST /api/v1/users': 'Adds a user and gives a one-time link',
  'POST /api/v1/users/{id}/link': 'A new one-time link of a user; the old password ends with its use',
  'PATCH /api/v1/users/{id}': 'Shuts a user out, or lets one in again',
  'GET /api/v1/tokens': 'Tokens of programs, without their secrets',
  'POST /api/v1/tokens': 'Makes a token; its secret is told this once',
  'DELETE /api/v1/tokens/{id}': 'Ends a token',
  'GET /api/v1/audit': 'Who changed what or tried to, newest first, by person, days and object',
  'GET /api/v1/audit/file': 'The same as a file',
}

/** Reports have the same few addresses each. */
const reportNames: Readonly<Record<string, string>> = {
  balance: 'Energy balance table',
  statistics: 'Energy statistics',
  forms: 'Statistical forms 205-1 and 205-2',
  quality: 'Data-quality statement',
  carbon: 'Carbon statement',
  monitoring: 'Checks of national on-line monitoring, with the provincial score,',
}

function reportSummary(path: string): string | undefined {
  const found = /^GET \/api\/v1\/(accounts\/\{account\}\/)?reports\/([\w-]+)(\/file|\/sheets)?$/.exec(path)
  const name = reportNames[found?.[2] ?? '']
  if (found === null || name === undefined) return undefined
  const whose = found[1] === undefined ? 'of the whole park' : 'of an account'
  const forms: Readonly<Record<string, string>> = {
    '/file': ' as a file (XLSX, CSV or PDF)',
    '/sheets': ' as sheets, for a page to show or print',
  }
  return `${name} ${whose}${forms[found[3] ?? ''] ?? ''}`
}

/** Parameters as OpenAPI writes them. */
const pathOf = (method: string, url: string): string => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`

/** The summary of a route; undefined for one that has none, which openapi.test.ts does not let pass. */
export function summaryOf(method: string, url: string): string | undefined {
  const path = pathOf(method, url)
  return summaries[path] ?? reportSummary(path)
}
