import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newSigningKey, signConfiguration } from '#firmware-config/signature.ts'
import { digestOf } from './configuration-file.ts'
import { authorized, configurationIn, wasTried } from './remote-configuration.ts'

const pair = newSigningKey()
const key = createPrivateKey(pair.privatePem)
const here = { park: 'p', gateway: 'g' }
let folder: string
let trustFile: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-remote-'))
  trustFile = join(folder, 'trust.yaml')
  writeFileSync(trustFile, `keys: [{ name: ours, key: ${pair.publicText} }]`)
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('a configuration from the broker', () => {
  it('is tried only under a version above all that were tried, in whatever order they come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ version: fc.integer({ min: 1, max: 9 }), text: fc.constantFrom('a', 'b') }), {
          maxLength: 30,
        }),
        (arrivals) => {
          let tried: { version: number; digest: string } | undefined
          let highest = 0
          for (const { version, text } of arrivals) {
            const message = signConfiguration({ ...here, version, text }, key)
            const known = wasTried(message, tried)
            let accepted = true
            try {
              authorized(message, { ...here, trustFile, tried })
            } catch (error) {
              expect(error).toMatchObject({ code: 'configuration-outdated' })
              accepted = false
            }
            expect(accepted).toBe(version > highest)
            expect(known).toBe(version === highest && tried?.digest === digestOf(text))
            if (accepted) tried = { version, digest: digestOf(text) }
            highest = Math.max(highest, version)
          }
        },
      ),
    )
  })

  it('is not taken by another gateway, nor by the same name in another park', () => {
    const message = signConfiguration({ ...here, version: 1, text: 'a' }, key)
    for (const other of [{ gateway: 'h' }, { park: 'q' }]) {
      expect(() => authorized(message, { ...here, ...other, trustFile, tried: undefined })).toThrow(
        expect.objectContaining({ code: 'gateway-mismatch' }),
      )
    }
  })

  it('is trusted by the keys of the file as it is now', () => {
    const message = signConfiguration({ ...here, version: 1, text: 'a' }, key)
    const authority = { ...here, trustFile, tried: undefined }
    expect(authorized(message, authority)).toBe('ours')
    for (const change of [() => writeFileSync(trustFile, 'keys: []'), () => rmSync(trustFile)]) {
      change()
      expect(() => authorized(message, authority)).toThrow(
        expect.objectContaining({ code: 'configuration-untrusted' }),
      )
    }
  })

  it.each([
    ['no JSON', '{'],
    ['another message', '{"v":1}'],
    [
      'half a character',
      JSON.stringify({ ...signConfiguration({ ...here, version: 1, text: 'a' }, key), text: '\ud800' }),
    ],
  ])('that is %s is refused', (_what, payload) => {
    expect(() => configurationIn(Buffer.from(payload))).toThrow(
      expect.objectContaining({ code: 'message-invalid' }),
    )
  })
})
