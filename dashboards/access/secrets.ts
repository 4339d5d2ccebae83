import { argon2, createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** Passwords, and secrets that stand for a person or a program. Only digests and hashes of them are ever kept. */

const derive = promisify(argon2)

/** Argon2id as the OWASP password storage cheat sheet asks for at least: 19 MiB, two passes, one lane. */
const MEMORY_KIB = 19_456
const PASSES = 2
const TAG_BYTES = 32
const SALT_BYTES = 16

/** 256 random bits as text that fits in a URL and a header. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** What is kept of a secret of `newSecret`: it is random, so that a plain digest tells nothing of it. */
export function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** What a page of our own must send with a change: it follows from the session, which other sites cannot read. */
export function changeTokenOf(secret: string): string {
  return createHmac('sha256', secret).update('change').digest('base64url')
}

/**
 * What a browser keeps in which somebody has signed in with a password: it follows from the hash of that password, so that
 * nobody makes one without it, nothing of it is kept here, and another password ends it.
 * @param nonce tells one browser from another
 */
export function deviceTokenOf(hash: string, nonce = randomBytes(16).toString('base64url')): string {
  return `${nonce}.${createHmac('sha256', hash).update(`device ${nonce}`).digest('base64url')}`
}

/** The nonce of a browser's token, where it follows from that hash. */
export function deviceOf(token: string | undefined, hash: string | undefined): string | undefined {
  const nonce = /^([\w-]{22})\.[\w-]{43}$/.exec(token ?? '')?.[1]
  if (token === undefined || nonce === undefined || hash === undefined) return undefined
  return isSameSecret(token, deviceTokenOf(hash, nonce)) ? nonce : undefined
}

/** Equal, in a time that does not tell where they differ. */
export function isSameSecret(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(digestOf(a)), Buffer.from(digestOf(b)))
}

const tagOf = (password: string, nonce: Buffer, memory: number, passes: number): Promise<Buffer> =>
  derive('argon2id', {
    message: password.normalize('NFKC'),
    nonce,
    parallelism: 1,
    tagLength: TAG_BYTES,
    memory,
    passes,
  })

/** The hash of a password, with its salt and parameters, in the PHC string format. */
export async function passwordHash(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const tag = await tagOf(password, salt, MEMORY_KIB, PASSES)
  const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=1$${base64(salt)}$${base64(tag)}`
}

/** Whether a password has that hash; takes as long for `undefined`, so that unknown names cannot be told apart. */
export async function passwordMatches(password: string, hash: string | undefined): Promise<boolean> {
  const parts = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=1\$([^$]+)\$([^$]+)$/.exec(hash ?? '')
  const [, memory = String(MEMORY_KIB), passes = String(PASSES), salt, expected] = parts ?? []
  const nonce = salt === undefined ? Buffer.alloc(SALT_BYTES) : Buffer.from(salt, 'base64')
  const tag = await tagOf(password, nonce, Number(memory), Number(passes))
  return expected !== undefined && timingSafeEqual(tag, Buffer.from(expected, 'base64'))
}
