import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { electricityFile, fuelFile, heatFile, standardCoalFile } from '#accounts/factor.ts'
import { carriers } from '#contract/carriers.ts'
import { faultTable } from '#contract/fault.ts'
import { messageSchemas } from '#contract/messages.ts'
import { parkDescription } from '#contract/park.ts'
import { quantities } from '#contract/quantities.ts'
import { badCauses } from '#contract/reading.ts'
import { topicOf, type DownLeaf, type UpLeaf } from '#contract/topics.ts'
import { gatewayFile } from '#firmware-config/gateway.ts'
import { loadProfile, profileFile, profileFolder } from '#firmware-config/profile.ts'

/**
 * Writes the documents that are printed from code and data, or with --check fails where one differs from what is
 * committed.
 */
const docs = fileURLToPath(new URL('../docs/', import.meta.url))

const schemas: Readonly<Record<string, z.ZodType>> = {
  park: parkDescription,
  gateway: gatewayFile,
  profile: profileFile,
  'factors-standard-coal': standardCoalFile,
  'factors-fuels': fuelFile,
  'factors-electricity': electricityFile,
  'factors-heat': heatFile,
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

function metersPage(): string {
  const ids = readdirSync(fileURLToPath(profileFolder))
    .filter((file) => file.endsWith('.yaml') && !file.endsWith('.golden.yaml'))
    .map((file) => file.replace(/\.yaml$/, ''))
    .sort()
  const profiles = ids.map((id) => loadProfile(id))
  const overview = profiles.map(({ id, make, model, carrier, evidence, registers }) => [
    `[${id}](#${id})`,
    make,
    model,
    carrier,
    evidence.grade,
    String(registers.length),
  ])
  const details = profiles.map(({ id, make, model, evidence, limits, registers }) => {
    const rows = registers.map((register) => [
      `\`${register.quantity}\``,
      `0x${register.address.toString(16).toUpperCase().padStart(4, '0')}`,
      String(register.function),
      `${register.encoding} ${register.order}`,
      register.factor,
      register.resolution ?? '',
    ])
    const note = evidence.note === undefined ? '' : ` ${evidence.note}`
    return `## ${id}\n\n${make} ${model}. Evidence ${evidence.grade}: ${evidence.source}.${note}\n\nAt most ${limits.registersPerRequest} registers a request, gaps of up to ${limits.bridgeGaps} registers are read over.\n\n${table(['quantity', 'address', 'function', 'as', 'factor', 'counted in'], rows)}\n`
  })
  return `# Meters\n\n${GENERATED} Source: \`firmware-config/profiles\`. Grade H: a manual and an independent implementation agree; M: one manual or two implementations; L: one secondary source. None was checked against hardware by us.\n\n${table(['profile', 'make', 'model', 'carrier', 'grade', 'registers'], overview)}\n\n${details.join('\n')}`
}

function protocolPage(): string {
  const topic = (leaf: UpLeaf | DownLeaf): string =>
    `\`${topicOf({ park: '{park}', gateway: '{gateway}', leaf })}\``
  const rows = [
    [topic('live'), 'gateway', 'readings batch or gap record, just made', '1', 'no'],
    [topic('backlog'), 'gateway', 'the same messages, from the journal', '1', 'no'],
    [topic('state'), 'gateway', 'state message; also the will', '1', 'yes'],
    [topic('reply'), 'gateway', 'reply to a command', '1', 'no'],
    [topic('receipt'), 'server', 'receipt for one payload', '1', 'no'],
    [topic('command'), 'server', 'command', '1', 'no'],
  ]
  const messages = Object.keys(messageSchemas).map((name) => `- [${name}](schemas/${name}.json)`)
  return `# Protocol\n\n${GENERATED} Source: \`contract/topics.ts\`, \`contract/messages.ts\`.\n\nPayloads are JSON in UTF-8. A batch’s payload never changes once it was written: its SHA-256 is what the receipt names, and only such a receipt lets the gateway forget it.\n\n## Topics\n\n${table(['topic', 'published by', 'payload', 'QoS', 'retained'], rows)}\n\n## Messages\n\n${messages.join('\n')}\n`
}

const pages: Readonly<Record<string, string>> = {
  'quantities.md': quantitiesPage(),
  'faults.md': faultsPage(),
  'meters.md': metersPage(),
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
