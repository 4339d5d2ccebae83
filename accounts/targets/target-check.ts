import type { AccountingPlan } from '../accounting-plan.ts'
import type { PlanFinding } from '../plan-check.ts'
import type { DeductionRules, TargetFile } from './target.ts'

/** What the schema of targets.yaml cannot see: accounts, products and projects that are not there, or stand twice. */
export function targetContradictions(
  file: TargetFile,
  plan: AccountingPlan,
  rules: DeductionRules,
): PlanFinding[] {
  const findings: PlanFinding[] = []
  const at = (path: readonly (string | number)[], message: string): number => findings.push({ path, message })
  const accounts = new Map(plan.accounts.map((account) => [account.account, account]))
  if (file.park !== plan.park) at(['park'], `the accounting plan is of ${plan.park}`)

  for (const list of ['targets', 'projects', 'scenarios'] as const) {
    const seen = new Set<string>()
    for (const [index, { id }] of file[list].entries()) {
      if (seen.has(id)) at([list, index, 'id'], `${id} stands twice`)
      seen.add(id)
    }
  }
  for (const [index, { account, intensity, baseYear, deducts, of }] of file.targets.entries()) {
    const path = ['targets', index]
    const found = accounts.get(account)
    if (found === undefined) at([...path, 'account'], `there is no account ${account}`)
    const product = intensity?.per === 'product' ? intensity.product : undefined
    if (product !== undefined && found?.products.every(({ id }) => id !== product) === true)
      at([...path, 'intensity', 'product'], `${account} has no product ${product}`)
    const unit = found?.products.find(({ id }) => id === product)?.unit
    if (intensity?.per === 'product' && unit !== undefined && unit !== intensity.unit)
      at([...path, 'intensity', 'unit'], `${product} is counted in ${unit}, not in ${intensity.unit}`)
    for (const [place, rule] of deducts.entries()) {
      if (!rules[rule].of.includes(of)) at([...path, 'deducts', place], `${rule} is no deduction from ${of}`)
      if (rule === 'new-renewable' && baseYear === undefined)
        at([...path, 'baseYear'], 'what is newly added needs a base year')
    }
  }
  const grades = file.warnings.grades
  for (const [index, { from }] of grades.entries()) {
    const before = grades[index - 1]
    if (before !== undefined && Number(from) <= Number(before.from))
      at(['warnings', 'grades', index, 'from'], 'grades stand in rising order')
  }
  if (grades[0]?.from !== '0') at(['warnings', 'grades', 0, 'from'], 'the first grade holds from "0" on')

  const projects = new Map(file.projects.map((project) => [project.id, project]))
  for (const [index, { account }] of file.projects.entries()) {
    if (!accounts.has(account)) at(['projects', index, 'account'], `there is no account ${account}`)
  }
  for (const [index, { projects: named, of, growth }] of file.scenarios.entries()) {
    for (const [place, id] of named.entries()) {
      const project = projects.get(id)
      const path = ['scenarios', index, 'projects', place]
      if (project === undefined) at(path, `there is no project ${id}`)
      else if (project.of !== of) at(path, `${id} changes ${project.of}, the scenario is of ${of}`)
    }
    for (const [place, { from }] of growth.entries()) {
      const before = growth[place - 1]
      if (before !== undefined && from <= before.from)
        at(['scenarios', index, 'growth', place, 'from'], 'growth stands in order of years')
    }
  }
  return findings
}
