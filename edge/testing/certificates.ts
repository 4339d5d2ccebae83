import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
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

/** The certificates of an authority that count no longer, as a PEM file. */
export function revoke(folder: string, authority: KeyPair, revoked: readonly KeyPair[]): string {
  const path = (name: string): string => join(folder, `revoked.${name}`)
  writeFileSync(path('index'), '')
  writeFileSync(
    path('cnf'),
    `[ca]\ndefault_ca = own\n[own]\ndatabase = ${path('index')}\ndefault_md = sha256\ndefault_crl_days = 30\n`,
  )
  const signing = ['-config', path('cnf'), '-cert', authority.certificate, '-keyfile', authority.key]
  for (const { certificate } of revoked) openssl('ca', ...signing, '-revoke', certificate)
  openssl('ca', ...signing, '-gencrl', '-out', path('crl'))
  return path('crl')
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
