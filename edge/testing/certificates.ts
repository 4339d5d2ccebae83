import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** A certificate and its key, as PEM files. */
export interface KeyPair {
  readonly certificate: string
  readonly key: string
}

const openssl = (...args: readonly string[]): void => {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'ignore'] })
}

/** Makes a certificate authority in a folder, with the openssl program. */
export function makeAuthority(folder: string, name: string): KeyPair {
  const pair = { certificate: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) }
  const subject = ['-subj', `/CN=${name}`, '-days', '30', '-nodes']
  const elliptic = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  openssl('req', '-x509', ...elliptic, ...subject, '-keyout', pair.key, '-out', pair.certificate)
  return pair
}

/** A certificate that an authority signs; with negative days it has expired. */
export function signCertificate(folder: string, authority: KeyPair, name: string, days = 30): KeyPair {
  const path = (ending: string): string => join(folder, `${name}${days < 0 ? '-expired' : ''}.${ending}`)
  const pair = { certificate: path('pem'), key: path('key') }
  const elliptic = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', ...elliptic, '-subj', `/CN=${name}`, '-keyout', pair.key, '-out', path('csr'))
  const signing = ['-CA', authority.certificate, '-CAkey', authority.key, '-CAcreateserial']
  openssl('x509', '-req', '-in', path('csr'), ...signing, '-days', String(days), '-out', pair.certificate)
  return pair
}
