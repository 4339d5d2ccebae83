import { Fault } from '#contract/fault.ts'
import { InvalidFile, type Finding } from './document.ts'
import { gatewayContradictions, type ProfileOnSite } from './gateway-check.ts'
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
  const known = new Map<string, RegisterMap | 'faulty' | 'unknown'>()
  const findings: Finding[] = []
  const profileOnSite: ProfileOnSite = (id, ratios) => {
    const key = `${id} ${ratios.current} ${ratios.voltage}`
    const map = known.get(key) ?? loaded(id, ratios)
    known.set(key, map)
    return map
  }
  const loaded = (id: string, ratios: TransformerRatios): RegisterMap | 'faulty' | 'unknown' => {
    try {
      return load(id, ratios)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      if (error.code === 'profile-unknown') return 'unknown'
      findings.push({ place: error.place ?? { file: name }, message: error.message })
      return 'faulty'
    }
  }
  findings.push(...gatewayContradictions(data, undefined, profileOnSite))
  if (findings.length > 0) throw new InvalidFile(name, findings)
  return data.value
}
