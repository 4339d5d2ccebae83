import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newSigningKey, readSigningKey, readTrust, signConfiguration, signerOf } from './signature.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-signature-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

function party(name: string) {
  const { privatePem, publicText } = newSigningKey()
  const trust = readTrust(write(`${name}.yaml`, `keys: [{ name: ${name}, key: ${publicText} }]`))
  return { key: readSigningKey(write(`${name}.key`, privatePem)), trust }
}

const name = fc.stringMatching(/^[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}$/)
const content = fc.record({
  park: name,
  gateway: name,
  version: fc.integer({ min: 1, max: 2 ** 40 }),
  text: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }).filter((text) => text.isWellFormed()),
})

describe('a signature', () => {
  it('is known as that of its key, and no other key has made it', () => {
    const [ours, theirs] = [party('ours'), party('theirs')]
    fc.assert(
      fc.property(content, (signed) => {
        const message = signConfiguration(signed, ours.key)
        expect(signerOf(message, ours.trust)).toBe('ours')
        expect(() => signerOf(message, theirs.trust)).toThrow(/none of the 1/)
        // A key that is named, but did not sign it.
        const [digest = ''] = theirs.trust.keys()
        expect(() => signerOf({ ...message, key: digest }, theirs.trust)).toThrow(/not one of "theirs"/)
      }),
    )
  })

  it('holds for one park, gateway, version and text only', () => {
    const { key, trust } = party('ours')
    fc.assert(
      fc.property(content, content, (signed, other) => {
        const message = signConfiguration(signed, key)
        for (const part of ['park', 'gateway', 'version', 'text'] as const) {
          if (signed[part] === other[part]) continue
          const forged = { ...message, [part]: other[part] }
          expect(() => signerOf(forged, trust), part).toThrow(
            expect.objectContaining({ code: 'configuration-untrusted' }),
          )
        }
      }),
    )
  })

  it('does not hold when a line moves from one part to the next', () => {
    const { key, trust } = party('ours')
    const message = signConfiguration({ park: 'p', gateway: 'g', version: 1, text: '2\nx' }, key)
    expect(() => signerOf({ ...message, version: 12, text: 'x' }, trust)).toThrow(/not one of/)
  })
})

describe('a trust file', () => {
  it.each([
    [
      'an RSA key',
      () =>
        generateKeyPairSync('rsa', { modulusLength: 1024 })
          .publicKey.export({ type: 'spki', format: 'der' })
          .toString('base64'),
    ],
    ['no key', () => 'bm90IGEga2V5'],
  ])('with %s is refused at its place', (_what, key) => {
    const file = write('trust.yaml', `keys:\n  - name: wrong\n    key: ${key()}\n`)
    expect(() => readTrust(file)).toThrow(/trust\.yaml:3:10 keys\.0\.key: is no Ed25519 public key/)
  })
})
