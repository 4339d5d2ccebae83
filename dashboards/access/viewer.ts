import { roleMay, type Access, type Role } from '#contract/access.ts'
import { indexPark, type Park } from '#contract/park.ts'

/** Who asks: a person who signed in, a program with a token, or anybody where the server is open. */
export interface Viewer {
  /** As it stands in the audit log. */
  readonly name: string
  readonly how: 'session' | 'token' | 'open'
  readonly role: Role
  /** An enterprise user's own; undefined sees the whole park. */
  readonly enterprise: string | undefined
  /** A token may have less than its role. */
  readonly access: readonly Access[]
}

/** True when the viewer has that access. */
export function viewerMay({ role, access }: Viewer, wanted: Access): boolean {
  return roleMay(role, wanted) && access.includes(wanted)
}

/** The park as one enterprise sees it: itself, its meters, and the gateways that read them. */
function enterprisePark(park: Park, enterprise: string): Park {
  const own = [...park.meters.values()].filter((meter) => meter.enterprise === enterprise)
  const gateways = new Set(own.map(({ gateway }) => gateway))
  return indexPark({
    ...park.description,
    gateways: park.description.gateways.filter(({ id }) => gateways.has(id)),
    meters: [],
    sensors: [],
    enterprises: park.description.enterprises.filter(({ id }) => id === enterprise),
  })
}

/** Parks as viewers see them, each made once: what is not in one is not there for its viewer. */
export class ParkViews {
  readonly #park: Park
  readonly #byEnterprise = new Map<string, Park>()

  constructor(park: Park) {
    this.#park = park
  }

  of({ enterprise }: Viewer): Park {
    if (enterprise === undefined) return this.#park
    const found = this.#byEnterprise.get(enterprise) ?? enterprisePark(this.#park, enterprise)
    this.#byEnterprise.set(enterprise, found)
    return found
  }
}
