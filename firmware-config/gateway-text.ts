import { Fault } from '#contract/fault.ts'
import { InvalidFile, type Finding } from './document.ts'
import { gatewayContradictions } from './gateway-check.ts'
import { parseGatewayText, type GatewayFile } from './gateway.ts'
import type { RegisterMap, TransformerRatios } from './profile.ts'

/**
 * A gateway file from its text, checked against the profiles at hand as `tanbiao check` does without a park file.
 * `name` is what findings call the text; files that it names are resolved from the folder. Throws `InvalidFile` with every finding.
 */
export function checkedGateway(
  text: string,
  { name, folder }: { readonly name: string; readonly folder: string },
  load: (id: string, ratios: TransformerRatios) => RegisterMap,
): GatewayFile {
  const data = parseGatewayText(text, name, folder)
  const profiles = new Map<string, RegisterMap | 'faulty'>()
  const findings: Finding[] = []
  for (const [b, bus] of data.value.buses.entries()) {
    for (const [m, { profile, ratios }] of bus.meters.entries()) {
      if (profiles.has(profile)) continue
      try {
        profiles.set(profile, load(profile, ratios))
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        // The contradictions name a profile that is not there.
        if (error.code === 'profile-unknown') continue
        profiles.set(profile, 'faulty')
        findings.push({
          place: data.placeOf(['buses', b, 'meters', m, 'profile']),
          message: error.message,
        })
      }
    }
  }
  findings.push(...gatewayContradictions(data, undefined, profiles))
  if (findings.length > 0) throw new InvalidFile(name, findings)
  return data.value
}
