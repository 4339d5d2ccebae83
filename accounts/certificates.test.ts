import { expect, test } from 'vitest'
import type { CertificateClaim } from '#store/port.ts'
import { doubleClaims } from './certificates.ts'

const claim = (
  certificate: string,
  account: string,
  of: 'record' | 'entry',
  number: number,
): CertificateClaim => ({
  certificate,
  account,
  in: of,
  number,
})

test('a certificate is claimed twice where two accounts have it, in whatever books; not where one has it in both', () => {
  const own = [
    claim('A', 'steel', 'record', 1),
    claim('A', 'steel', 'entry', 5),
    claim('B', 'food', 'entry', 2),
  ]
  expect(doubleClaims(own)).toEqual([])
  const other = claim('A', 'food', 'entry', 3)
  const third = claim('B', 'steel', 'record', 9)
  expect(doubleClaims([...own, other, third])).toEqual([
    { claim: other, other: own[0] },
    { claim: third, other: own[2] },
  ])
})
