import type { LocalName } from '#contract/identity.ts'
import { InvalidFile, type DataFile, type Finding } from '#firmware-config/document.ts'
import { draftsOf, type DraftMeter, type DraftProcess, type Drafting } from './enterprise-kinds.ts'
import { flow, type Flow, type FlowInput } from './flow-kinds.ts'
import { enterpriseKindNames, enterpriseKinds, type EnterpriseKind, type Generation } from './generation.ts'
import { seededStream } from './seeded.ts'

/** The enterprises that a scenario has generated, and the flows through them. */

/** A generated enterprise: its drafts, and the flows of all of them by their full names. */
export interface GeneratedEnterprise {
  readonly id: string
  readonly name: LocalName
  readonly supply: DraftMeter
  readonly processes: readonly DraftProcess[]
  readonly flows: Readonly<Record<string, FlowInput>>
}

/** The part of a scenario that generation looks at. */
interface Generating {
  readonly seed: number
  readonly generate?: Generation | undefined
  readonly flows: Readonly<Record<string, Flow>>
}

/** The flow and meter of a park whose scenario names none to feed its enterprises from. */
export const GENERATED_MAIN = 'park-incoming'

/** 10 kV between phases. */
export const SUPPLY_VOLTAGE = 5_774

/** How many enterprises of each kind: by weight, the largest remainders first. */
export function countsByKind({ enterprises, mix }: Generation): ReadonlyMap<EnterpriseKind, number> {
  const given = Object.keys(mix).length > 0
  const weights = enterpriseKindNames.map((kind) => ({ kind, weight: given ? (mix[kind] ?? 0) : 1 }))
  const total = weights.reduce((sum, { weight }) => sum + weight, 0)
  const exact = weights.map(({ kind, weight }) => ({ kind, exact: (enterprises * weight) / total }))
  const counts = new Map(exact.map(({ kind, exact }) => [kind, Math.floor(exact)]))
  const left = enterprises - [...counts.values()].reduce((sum, count) => sum + count, 0)
  const byRemainder = exact.toSorted((a, b) => (b.exact % 1) - (a.exact % 1))
  for (const { kind } of byRemainder.slice(0, left)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

/** Rated powers of transformers that the generator chooses from, kVA. */
const TRANSFORMERS = [
  100, 160, 250, 400, 630, 800, 1_000, 1_250, 1_600, 2_000, 2_500, 3_150, 4_000, 6_300, 10_000,
]

/** Room above a rough bound. */
const MARGIN = 1.1

/** A rough bound of the apparent power that a generated flow may take, in kVA; generous, as transformers are chosen. */
function roughKva(flow: FlowInput, named: (name: string) => FlowInput | undefined): number {
  const of = (name: string): number => {
    const found = named(name)
    return found === undefined ? 0 : roughKva(found, named)
  }
  switch (flow.kind) {
    case 'shift':
      return flow.peak / 0.85
    case 'lighting':
      return flow.power / 0.85
    case 'continuous':
      return (flow.mean * 1.3) / 0.85
    case 'machines':
      return (flow.count * flow.power * 1.1) / 0.8
    case 'climate':
      return ((flow.base ?? 0) + (40 - (flow.above?.temperature ?? 40)) * (flow.above?.perDegree ?? 0)) / 0.82
    case 'compressor':
      return (of(flow.output) * flow.specificPower + (flow.idlePower ?? 0)) / 0.85
    case 'chiller':
      return of(flow.output) / (flow.cop - 2) / 0.85
    case 'pump':
      return of(flow.output) * 0.2
    case 'sum':
      return 1.05 * flow.of.reduce((sum, name) => sum + of(name), 0)
    case 'photovoltaic':
    case 'chp':
    case 'replay':
    case 'boiler':
    case 'chp-gas':
    case 'chp-heat':
    case 'transformer':
      break
  }
  return 0
}

function supplyOf(
  processes: readonly DraftProcess[],
  flows: Readonly<Record<string, FlowInput>>,
  at: Drafting['at'],
): DraftMeter {
  const fed = processes
    .flatMap(({ meters }) => meters)
    .filter(({ use }) => use === 'feeder' || use === 'inverter')
    .map(({ id }) => at(id))
  const kva = fed.reduce((sum, name) => {
    const flow = flows[name]
    return sum + (flow === undefined ? 0 : roughKva(flow, (other) => flows[other]))
  }, 0)
  const rating =
    TRANSFORMERS.find((each) => each >= kva * MARGIN) ?? Math.ceil((kva * MARGIN) / 10_000) * 10_000
  return {
    id: 'incoming',
    name: { zh: '总进线', en: 'Incoming supply' },
    use: 'supply',
    role: 'boundary',
    flow: {
      kind: 'transformer',
      of: fed,
      rating,
      noLoadLoss: Number((rating * 0.0013).toPrecision(2)),
      loadLoss: Number((rating * 0.0085).toPrecision(2)),
      voltage: SUPPLY_VOLTAGE,
    },
  }
}

function enterpriseOf(
  kind: EnterpriseKind,
  number: number,
  seed: number,
  { size }: Generation,
): GeneratedEnterprise {
  const id = `${kind}-${number}`
  const random = seededStream(seed, `generate/${id}`)
  let drawn = 0
  const between = (least: number, most: number): number => {
    drawn += 1
    return least + (most - least) * random(drawn)
  }
  const at = (part: string): string => `${id}-${part}`
  const [smallest, largest] = size
  // Sizes of enterprises spread by factors: as many half as large as twice as large.
  const scale = smallest * (largest / smallest) ** between(0, 1)
  const processes = draftsOf[kind]({ scale, between, at })
  const flows: Record<string, FlowInput> = {}
  for (const { meters, unmeasured = {} } of processes) {
    for (const meter of meters) flows[at(meter.id)] = meter.flow
    for (const [name, flow] of Object.entries(unmeasured)) flows[at(name)] = flow
  }
  const supply = supplyOf(processes, flows, at)
  flows[at(supply.id)] = supply.flow
  const { zh, en } = enterpriseKinds[kind]
  return { id, name: { zh: `${zh} ${number} 号`, en: `${en} ${number}` }, supply, processes, flows }
}

/** The enterprises of a generation, in order of their kinds; none without one. */
export function generatedEnterprises({ seed, generate }: Generating): GeneratedEnterprise[] {
  if (generate === undefined) return []
  return [...countsByKind(generate)].flatMap(([kind, count]) =>
    Array.from({ length: count }, (_, index) => enterpriseOf(kind, index + 1, seed, generate)),
  )
}

/**
 * The flows of a scenario with those that it has generated. Throws `InvalidFile` where these do not fit those that are
 * written.
 */
export function generatedFlows(data: DataFile<Generating>): Record<string, Flow> {
  const { generate, flows } = data.value
  if (generate === undefined) return { ...flows }
  const all: Record<string, Flow> = { ...flows }
  const findings: Finding[] = []
  const enterprises = generatedEnterprises(data.value)
  for (const enterprise of enterprises) {
    for (const [name, input] of Object.entries(enterprise.flows)) {
      if (all[name] === undefined) all[name] = flow.parse(input)
      else findings.push({ place: data.placeOf(['flows', name]), message: `"${name}" is generated too` })
    }
  }
  const mains = enterprises.map(({ id, supply }) => `${id}-${supply.id}`)
  const into = generate.into ?? GENERATED_MAIN
  const feeding = all[into]
  if (generate.into === undefined && feeding !== undefined) {
    const message = `"${into}" is the main meter of generated enterprises: say "into: ${into}" to feed them from it`
    findings.push({ place: data.placeOf(['flows', into]), message })
  } else if (generate.into === undefined) {
    all[into] = flow.parse({ kind: 'sum', of: mains, lossShare: 0.006, voltage: SUPPLY_VOLTAGE })
  } else if (feeding?.kind === 'sum' || feeding?.kind === 'transformer') {
    all[into] = { ...feeding, of: [...feeding.of, ...mains] }
  } else {
    const message = `there is no flow "${into}" of the kind sum or transformer`
    findings.push({ place: data.placeOf(['generate', 'into']), message })
  }
  if (findings.length > 0) throw new InvalidFile(data.file, findings)
  return all
}
