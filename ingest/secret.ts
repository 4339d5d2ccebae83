import { createHmac, randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto'
import { promisify } from 'node:util'

/**
 * Secrets of MQTT clients, hashed with scrypt (RFC 7914) in the PHC string format, `$scrypt$ln=…,r=…,p=…$salt$hash`:
 * what a stolen file of them is worth is up to the secret alone, and ours are random.
 */
const derive: (
  password: Uint8Array,
  salt: Uint8Array,
  length: number,
  how: ScryptOptions,
) => Promise<Buffer> = promisify(scrypt)

/** 16 MiB and some 40 ms a try: dear for who guesses, bearable for 200 gateways that come back at once. */
const LOG2_COST = 14
const BLOCKS = 8
const SALT_BYTES = 16
const HASH_BYTES = 32
const FORMAT = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22,86})\$([A-Za-z0-9+/]{43})$/
/** Twice what scrypt needs with the greatest cost that is accepted (2¹⁷ × 8 × 128 bytes). */
const MEMORY_MAX = 256 * 1024 * 1024

/** True for a text that `hashSecret` made. */
export function isSecretHash(text: string): boolean {
  return FORMAT.test(text)
}

/** A new random secret, 256 bits, as a text that needs no quoting anywhere. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')

/** The hash of a secret, with a salt of its own. */
export async function hashSecret(secret: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const hash = await derive(Buffer.from(secret), salt, HASH_BYTES, { N: 2 ** LOG2_COST, r: BLOCKS, p: 1 })
  return `$scrypt$ln=${LOG2_COST},r=${BLOCKS},p=1$${base64(salt)}$${base64(hash)}`
}

/** Is it the secret of this hash? False also for a text that is no hash. */
async function fits(secret: Uint8Array, hashText: string): Promise<boolean> {
  const [, ln, r, p, salt = '', hash = ''] = FORMAT.exec(hashText) ?? []
  if (ln === undefined || Number(ln) > 17 || Number(r) > BLOCKS || Number(p) > 1) return false
  const expected = Buffer.from(hash, 'base64')
  const how = { N: 2 ** Number(ln), r: Number(r), p: Number(p), maxmem: MEMORY_MAX }
  const found = await derive(secret, Buffer.from(salt, 'base64'), expected.length, how)
  return timingSafeEqual(found, expected)
}

/** Hashes computed at once: the others wait, so that strangers cannot take all memory and all threads. */
const CHECKS_MAX = 2
/** Checks that wait at most; beyond it a client is told to come again. */
const CHECKS_WAITING_MAX = 512
/** Secrets remembered as right: more clients than a broker has. */
const KNOWN_MAX = 10_000

export type SecretCheck = (secret: Uint8Array, hashText: string) => Promise<boolean | 'busy'>

/**
 * Checks secrets. One that was right once is recognised again without the slow hash, by a keyed digest under a key
 * that never leaves this process: a park whose gateways all come back at once is let in at once.
 */
export function secretCheck(): SecretCheck {
  const key = randomBytes(32)
  const known = new Map<string, Buffer>()
  const waiting: (() => void)[] = []
  let running = 0
  return async (secret, hashText) => {
    const mac = createHmac('sha256', key).update(secret).digest()
    const right = known.get(hashText)
    if (right !== undefined && timingSafeEqual(mac, right)) return true
    if (running >= CHECKS_MAX) {
      if (waiting.length >= CHECKS_WAITING_MAX) return 'busy'
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
      })
    }
    running += 1
    try {
      const isRight = await fits(secret, hashText)
      if (known.size >= KNOWN_MAX) known.clear()
      if (isRight) known.set(hashText, mac)
      return isRight
    } finally {
      running -= 1
      waiting.shift()?.()
    }
  }
}
