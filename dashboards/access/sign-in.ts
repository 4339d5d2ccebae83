import type { Clock } from '#contract/clock.ts'
import { HOUR_MS } from '#contract/duration.ts'
import { Fault } from '#contract/fault.ts'
import type { AccessBook, Session, User } from '#store/access-book.ts'
import { Attempts } from './attempts.ts'
import { deviceOf, deviceTokenOf, digestOf, newSecret, passwordHash, passwordMatches } from './secrets.ts'

/** A session ends when it was not used for so long … */
export const SESSION_IDLE_MS = 12 * HOUR_MS
/** … and at this age in any case. */
const SESSION_AGE_MS = 7 * 24 * HOUR_MS
/** A one-time link is for a person who waits for it. */
const LINK_AGE_MS = 48 * HOUR_MS
/** Writing down that a session is in use is not needed more often. */
const SEEN_EVERY_MS = 60_000

export interface SignedIn {
  readonly secret: string
  readonly user: User
  /** What the browser keeps beyond the session; undefined where no password was shown. */
  readonly device?: string
}

/** From where somebody signs in. */
export interface Origin {
  readonly address: string
  /** What the browser kept of an earlier time. */
  readonly device?: string | undefined
}

/** Signing in and out, passwords and one-time links, on the access book. */
export class SignIn {
  readonly #book: AccessBook
  readonly #clock: Clock
  readonly #attempts = new Attempts()
  #hashing: Promise<unknown> = Promise.resolve()

  constructor(book: AccessBook, clock: Clock) {
    this.#book = book
    this.#clock = clock
  }

  /** One after another: each takes 19 MiB and some 30 ms of a core, and a flood must not take the machine. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#hashing.then(work)
    this.#hashing = mine.catch(() => undefined)
    return mine
  }

  /** Opens a session of a user whose identity was shown elsewhere. */
  openFor(user: User): SignedIn {
    const nowMs = this.#clock.wallMs()
    this.#book.forget(nowMs - SESSION_IDLE_MS, nowMs)
    const secret = newSecret()
    this.#book.addSession(digestOf(secret), user.id, nowMs)
    return { secret, user }
  }

  /**
   * Opens a session. Throws `sign-in-refused` without telling whether the name is known, and `too-many-requests` after
   * repeated failures of the name or the address, or in a browser in which that person has signed in before.
   */
  async signIn(name: string, password: string, { address, device }: Origin): Promise<SignedIn> {
    const begunMs = this.#clock.monotonicMs()
    const user = this.#book.userNamed(name)
    const hash = user?.active === true ? this.#book.passwordHash(user.id) : undefined
    const trier = { name, address, device: deviceOf(device, hash) }
    if (!this.#attempts.begin(trier, begunMs)) {
      throw new Fault('too-many-requests', 'There were too many wrong passwords.')
    }
    const matches = await this.#inTurn(() => passwordMatches(password, hash))
    if (!matches || user === undefined || hash === undefined) {
      throw new Fault('sign-in-refused', 'Name and password do not belong together.')
    }
    this.#attempts.succeeded(trier, begunMs)
    return { ...this.openFor(user), device: deviceTokenOf(hash) }
  }

  signOut(secret: string): void {
    this.#book.endSession(digestOf(secret))
  }

  /** The session that a secret opens; undefined where it has ended or its user is shut out. */
  session(secret: string): Session | undefined {
    const digest = digestOf(secret)
    const session = this.#book.session(digest)
    const nowMs = this.#clock.wallMs()
    if (session === undefined || !session.user.active) return undefined
    if (nowMs - session.seenAtMs > SESSION_IDLE_MS || nowMs - session.createdAtMs > SESSION_AGE_MS) {
      this.#book.endSession(digest)
      return undefined
    }
    if (nowMs - session.seenAtMs > SEEN_EVERY_MS) this.#book.seeSession(digest, nowMs)
    return session
  }

  /** A secret with which a user chooses a password, once. */
  newLink(user: User): string {
    const secret = newSecret()
    this.#book.addLink(digestOf(secret), user.id, this.#clock.wallMs() + LINK_AGE_MS)
    return secret
  }

  /** Sets the password of a link's user and signs in. Throws `link-ended`. */
  async useLink(secret: string, password: string): Promise<SignedIn> {
    const owner = (): User => {
      const user = this.#book.linkOwner(digestOf(secret), this.#clock.wallMs())
      if (user?.active !== true) throw new Fault('link-ended', 'This link was used already, or is too old.')
      return user
    }
    owner()
    const hash = await this.#inTurn(() => passwordHash(password))
    // Asked again: the link may have been used while the hash was made.
    const user = owner()
    this.#book.setPassword(user.id, hash)
    return { ...this.openFor(user), device: deviceTokenOf(hash) }
  }

  /** Another password for one who knows the present one; all other sessions end. Throws as `signIn`. */
  async changePassword(user: User, present: string, next: string, origin: Origin): Promise<SignedIn> {
    await this.signIn(user.name, present, origin)
    const hash = await this.#inTurn(() => passwordHash(next))
    this.#book.setPassword(user.id, hash)
    return { ...this.openFor(user), device: deviceTokenOf(hash) }
  }
}
