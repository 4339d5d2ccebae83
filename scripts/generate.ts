import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { accountingPlan } from '#accounts/accounting-plan.ts'
import { energyItemFile } from '#accounts/energy-item.ts'
import { electricityFile, fuelFile, heatFile, processFile, standardCoalFile } from '#accounts/factor.ts'
import { gradeRule } from '#accounts/grade-rule.ts'
import { deductionFile, targetFile } from '#accounts/targets/target.ts'
import { cbamCommunication } from '#accounts/footprint/communication.ts'
import { footprintDataset } from '#accounts/footprint/dataset.ts'
import { loadRuleFile } from '#accounts/load/load-rule.ts'
import { contractedDemandFile } from '#accounts/tariff/contracted-demand.ts'
import { powerFactorFile } from '#accounts/tariff/power-factor.ts'
import { tariffFile } from '#accounts/tariff/tariff.ts'
import { uncertaintyFile } from '#accounts/uncertainty.ts'
import { accountingRecord } from '#contract/accounting-record.ts'
import { BUNDLE_BYTES_MAX, ROWS_TOGETHER_MAX } from '#contract/bundle.ts'
import { carriers } from '#contract/carriers.ts'
import { ledgerEntry } from '#contract/entry.ts'
import { faultTable } from '#contract/fault.ts'
import { alarmsFile } from '#contract/alarm.ts'
import { messageSchemas } from '#contract/messages.ts'
import { parkDescription } from '#contract/park.ts'
import { quantities } from '#contract/quantities.ts'
import { badCauses } from '#contract/reading.ts'
import { reportScheduleFile } from '#contract/report-schedule.ts'
import { topicOf, type DownLeaf, type UpLeaf } from '#contract/topics.ts'
import { signInFile } from '#dashboards/access/oidc-settings.ts'
import { gatewayFile } from '#firmware-config/gateway.ts'
import { readData } from '#firmware-config/document.ts'
import { openProfiles } from '#firmware-config/profile-library.ts'
import { profileFile, toRegisterMap } from '#firmware-config/profile.ts'
import { behaviourFile } from '#simulators/fault-schedule.ts'
import { scenarioFile } from '#simulators/scenario.ts'
import { httpApiPage } from './http-api-page.ts'
import { metersPage, type PrintedProfile } from './meters-page.ts'

/**
 * Writes the documents that are printed from code and data, or with --check fails where one differs from what is
 * committed.
 */
const docs = fileURLToPath(new URL('../docs/', import.meta.url))

const schemas: Readonly<Record<string, z.ZodType>> = {
  park: parkDescription,
  gateway: gatewayFile,
  profile: profileFile,
  scenario: scenarioFile,
  'factors-standard-coal': standardCoalFile,
  'factors-fuels': fuelFile,
  'factors-electricity': electricityFile,
  'factors-heat': heatFile,
  'factors-process': processFile,
  uncertainty: uncertaintyFile,
  'grade-rule': gradeRule,
  alarms: alarmsFile,
  reports: reportScheduleFile,
  'sign-in': signInFile,
  accounting: accountingPlan,
  tariff: tariffFile,
  'power-factor': powerFactorFile,
  'contracted-demand': contractedDemandFile,
  'load-rule': loadRuleFile,
  targets: targetFile,
  'cbam-communication': cbamCommunication,
  'footprint-dataset': footprintDataset,
  deductions: deductionFile,
  'energy-items': energyItemFile,
  'accounting-record': accountingRecord,
  'ledger-entry': ledgerEntry,
  behaviour: behaviourFile,
  ...messageSchemas,
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

const GENERATED = 'Printed by `npm run generate`; change the source, not this page.'

function quantitiesPage(): string {
  const sections = Object.entries(carriers).map(([carrier, name]) => {
    const rows = quantities
      .filter((quantity) => quantity.carrier === carrier)
      .map(({ name: id, symbol, unit, kind, label, positive }) => [
        `\`${id}\``,
        symbol,
        unit,
        kind,
        label.zh,
        label.en,
        positive ?? '',
      ])
    return `## ${name.en} ${name.zh}\n\n${table(['name', 'symbol', 'unit', 'kind', '中文', 'English', 'positive means'], rows)}\n`
  })
  return `# Quantities\n\n${GENERATED} Source: \`contract/families.ts\`.\n\n${sections.join('\n')}`
}

function faultsPage(): string {
  const faults = Object.entries(faultTable).map(([code, { advice, retryable }]) => [
    `\`${code}\``,
    advice,
    retryable ? 'yes' : 'no',
  ])
  const causes = Object.entries(badCauses).map(([cause, { zh, en }]) => [`\`${cause}\``, en, zh])
  return `# Faults\n\n${GENERATED} Source: \`contract/fault.ts\`, \`contract/reading.ts\`.\n\n## Fault codes\n\n${table(['code', 'what to do', 'trying again can help'], faults)}\n\n## Causes of bad readings\n\n${table(['cause', 'English', '中文'], causes)}\n`
}

function printedProfiles(): PrintedProfile[] {
  return [...openProfiles().paths.values()].map((file) => {
    const data = readData(profileFile, file)
    const lines = Object.entries(data.value.registers)
    return {
      map: toRegisterMap(data),
      ratios: new Map(lines.map(([quantity, line]) => [quantity, line?.ratios ?? []])),
    }
  })
}

function protocolPage(): string {
  const topic = (leaf: UpLeaf | DownLeaf): string =>
    `\`${topicOf({ park: '{park}', gateway: '{gateway}', leaf })}\``
  const rows = [
    [topic('live'), 'gateway', 'readings batch or gap record, just made', '1', 'no'],
    [
      topic('backlog'),
      'gateway',
      'the same messages, from the journal; or several of them as a bundle',
      '1',
      'no',
    ],
    [topic('state'), 'gateway', 'state message; also the will', '1', 'yes'],
    [topic('reply'), 'gateway', 'reply to a command', '1', 'no'],
    [topic('receipt'), 'server', 'receipt for one payload, or for several that came in bundles', '1', 'no'],
    [topic('command'), 'server', 'command', '1', 'no'],
    [topic('configuration'), 'server', 'signed configuration', '1', 'yes'],
  ]
  const messages = Object.keys(messageSchemas).map((name) => `- [${name}](schemas/${name}.json)`)
  return `# Protocol\n\n${GENERATED} Source: \`contract/topics.ts\`, \`contract/messages.ts\`, \`contract/bundle.ts\`.\n\nPayloads are JSON in UTF-8. Those of \`up/live\` and \`up/backlog\` may be one Zstandard frame of it: the first bytes tell (\`28 B5 2F FD\` is Zstandard, \`{\` is plain JSON), and either is at most 4 MiB when decompressed. A batch’s payload never changes once it was written: its SHA-256 is what the receipt names, and only such a receipt lets the gateway forget it.\n\n## Bundles\n\nA gateway that catches up sends several payloads in one message: the byte \`00\`, then of each payload its length as an unsigned 32-bit number, big-endian, and its bytes. A bundle has ${ROWS_TOGETHER_MAX} payloads and ${BUNDLE_BYTES_MAX / 1024} KiB at most, and none in it is empty. It is only how payloads travel: the server takes each as if it had come by itself, each keeps the digest of its own bytes, and those that were committed together are answered by one \`jointReceipt\`, which nobody gets who sends no bundles. What says that it is a bundle and is none goes to quarantine as it came. A server from before bundles answers one as a payload that it cannot read, by its digest; the gateway then sends each payload by itself for an hour. On \`up/live\` a bundle is none.\n\n## Topics\n\n${table(['topic', 'published by', 'payload', 'QoS', 'retained'], rows)}\n\n## Messages\n\n${messages.join('\n')}\n\n## Commands\n\nA command names its gateway and must not be retained. \`resend\` offers again what the gateway still keeps of the numbers asked for, up to 10,000 of its journal, also after their receipts; \`report-state\` publishes the state message. Both are answered on \`up/reply\` with the command’s id. \`time\` is itself an answer, to a state whose time is not the server’s or whose clock is not set: a gateway learns the server’s time by it also while nothing of it has a receipt.\n\n## Configuration\n\nThe gateway takes a configuration for which all of this holds: a key that its own trust file names signed it, for this park and gateway, under a version above all that were tried, and the text passes the checks of \`tanbiao check\`. What became of it is in the state message under \`configuration\`: \`probation\`, then \`confirmed\`; or \`failed\` says why it was refused or rolled back. How to make and publish one: [remote-configuration.md](remote-configuration.md).\n`
}

const pages: Readonly<Record<string, string>> = {
  'http-api.md': await httpApiPage(table, GENERATED),
  'quantities.md': quantitiesPage(),
  'faults.md': faultsPage(),
  'meters.md': metersPage(printedProfiles(), table, GENERATED),
  'protocol.md': protocolPage(),
  ...Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      `schemas/${name}.json`,
      `${JSON.stringify(z.toJSONSchema(schema, { io: 'input' }), undefined, 2)}\n`,
    ]),
  ),
}

const check = process.argv.includes('--check')
mkdirSync(`${docs}schemas`, { recursive: true })
const differing: string[] = []
for (const [name, text] of Object.entries(pages)) {
  const file = `${docs}${name}`
  const committed = existsSync(file) ? readFileSync(file, 'utf8') : undefined
  if (committed === text) continue
  differing.push(name)
  if (!check) writeFileSync(file, text)
}
if (check && differing.length > 0) {
  console.error(
    `Not as generated: ${differing.map((name) => `docs/${name}`).join(', ')}. Run "npm run generate".`,
  )
  process.exitCode = 1
} else {
  console.log(
    `${Object.keys(pages).length} generated documents, ${differing.length} ${check ? 'differ' : 'written'}`,
  )
}
