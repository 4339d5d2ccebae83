import type { CertificateClaim } from '#store/port.ts'

/** A claim of a certificate, and the earlier one of another account that it is held against. */
export interface DoubleClaim {
  readonly claim: CertificateClaim
  readonly other: CertificateClaim
}

/**
 * Every claim of a certificate that another account of the park has claimed before. Of one account an entry and a record
 * may speak of the same certificate.
 */
export function doubleClaims(claims: readonly CertificateClaim[]): DoubleClaim[] {
  const first = new Map<string, CertificateClaim>()
  return claims.flatMap((claim): DoubleClaim[] => {
    const other = first.get(claim.certificate)
    if (other === undefined) first.set(claim.certificate, claim)
    return other === undefined || other.account === claim.account ? [] : [{ claim, other }]
  })
}
