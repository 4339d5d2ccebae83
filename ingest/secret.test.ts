import { describe, expect, it } from 'vitest'
import { hashSecret, isSecretHash, newSecret, secretCheck } from './secret.ts'

describe('secrets', () => {
  it('a secret fits its own hash and no other, with a salt of its own each time', async () => {
    const check = secretCheck()
    const secret = newSecret()
    const [one, two] = await Promise.all([hashSecret(secret), hashSecret(secret)])
    expect(one).not.toBe(two)
    expect(isSecretHash(one)).toBe(true)
    expect(one).not.toContain(secret)
    for (const hash of [one, two, one]) expect(await check(Buffer.from(secret), hash)).toBe(true)
    expect(await check(Buffer.from(newSecret()), one)).toBe(false)
    expect(await check(Buffer.from(''), one)).toBe(false)
  })

  it('takes nothing for a hash that is none, or that would cost too much', async () => {
    const check = secretCheck()
    const secret = Buffer.from('x')
    const hash = await hashSecret('x')
    const others = [
      '',
      'x',
      '$scrypt$',
      hash.replace('ln=14', 'ln=30'),
      hash.replace('r=8', 'r=99'),
      `${hash}=`,
    ]
    for (const other of others) expect(await check(secret, other)).toBe(false)
  })

  it('says "busy" beyond its bound and answers all others', async () => {
    const check = secretCheck()
    const hash = await hashSecret('right')
    const tries = Array.from({ length: 514 }, () => check(Buffer.from('right'), hash))
    const beyond = Array.from({ length: 10 }, () => check(Buffer.from('wrong'), hash))
    expect(new Set(await Promise.all(beyond))).toEqual(new Set(['busy']))
    await tries[0]
    // Known from now on: no slow hash is needed.
    expect(await check(Buffer.from('right'), hash)).toBe(true)
  })
})
