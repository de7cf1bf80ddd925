import { hash, randomBytes } from 'node:crypto'
import type { SessionStore, StoredUser, UserStore } from '../store/seam/users.ts'
import { ConcurrencyLimit } from './concurrency-limit.ts'
import { fitsPassword, verifyPassword } from './passwords.ts'
import type { LimitResult } from './rate-limit.ts'
import { type Checked, Rechecked } from './rechecked.ts'
import { parseUserName } from './users.ts'

/** A session lasts 24 hours from its login, as TokenKit documents. */
export const SESSION_SECONDS = 86_400
/**
 * Sessions kept for each user, about 1 MB. A client that logs in for each request every ten seconds stays below. Above
 * that, a login ends the user's oldest session.
 */
const MAX_SESSIONS_PER_USER = 10_000
/**
 * Logins that hash at once. Each takes 32 MiB and a thread of Node's pool of four. A look-up of a host name, which
 * needs the same pool, then waits for one hash at most.
 */
const MAX_HASHING = 4
/** Logins that wait for their hash: about three seconds on two slow cores. More are rejected at once. */
const MAX_WAITING = 32
/** 256 random bits cannot be guessed. */
const TOKEN_BYTES = 32
/** 32 bytes in base64url. */
const TOKEN = /^[0-9A-Za-z_-]{43}$/

/** The caller that a session identifies. */
export type SessionCaller = { readonly userId: string; readonly username: string; readonly principal: string }

/** A session whose user may use it. `expiresAt`: Unix seconds. */
type Entry = { readonly caller: SessionCaller; readonly expiresAt: number }

/**
 * Logs users in and checks their sessions. The store holds only the SHA-256 of a token, so a copy of it opens no
 * session. A session is read from the store at most once a second: a disabled user has access at most that long.
 */
export class Sessions {
  readonly #users: UserStore
  readonly #sessions: SessionStore
  readonly #now: () => number
  readonly #entries: Rechecked<Entry>
  readonly #hashing = new ConcurrencyLimit({
    running: MAX_HASHING,
    waiting: MAX_WAITING,
    rejection: 'Too many logins at once: try again in a moment',
  })

  /** `now` returns Unix seconds. */
  constructor(parts: { readonly users: UserStore; readonly sessions: SessionStore; readonly now: () => number }) {
    this.#users = parts.users
    this.#sessions = parts.sessions
    this.#now = parts.now
    this.#entries = new Rechecked((idHash) => this.#read(idHash), parts.now)
  }

  /**
   * Starts a session and resolves to its token: 43 characters of base64url, shown only here. Resolves to undefined if
   * the name or the password is wrong or the user is disabled, always after the same work; at once if the password is
   * over 1,024 bytes or no user can have this name. Resolves to the block of the caller, whatever the password, if `blockOf`
   * returns one before or after the password is hashed: others of the caller's logins may fail in between.
   * @throws UNAVAILABLE too many logins are waiting; STORE_UNAVAILABLE
   */
  async login(
    given: { readonly username: string; readonly password: string },
    blockOf: () => LimitResult | undefined,
  ): Promise<{ readonly token: string } | { readonly block: LimitResult } | undefined> {
    const name = parseUserName(given.username)
    if (name === undefined || !fitsPassword(given.password)) return undefined
    const user = await this.#hashing.run(async () =>
      blockOf() === undefined ? await this.#authenticated(name, given.password) : undefined,
    )
    const block = blockOf()
    if (block !== undefined) return { block }
    return user === undefined ? undefined : { token: await this.#start(user.id) }
  }

  async #authenticated(name: string, password: string): Promise<StoredUser | undefined> {
    const user = await this.#users.get(name)
    const matches = await verifyPassword(password, user?.passwordHash)
    return matches && user?.disabledAt === undefined ? user : undefined
  }

  async #start(userId: string): Promise<string> {
    const token = randomBytes(TOKEN_BYTES).toString('base64url')
    const createdAt = this.#now()
    await this.#sessions.dropExpired(createdAt)
    const session = {
      idHash: hash('sha256', token, 'buffer'),
      userId,
      createdAt,
      expiresAt: createdAt + SESSION_SECONDS,
    }
    await this.#sessions.putSession(session, MAX_SESSIONS_PER_USER)
    return token
  }

  /**
   * Returns the caller of a token; undefined if there is no such session, or it has expired, or its user is disabled.
   * Returns without a promise if the session was read within the last second. @throws STORE_UNAVAILABLE
   */
  verify(token: string): SessionCaller | undefined | Promise<SessionCaller | undefined> {
    if (!TOKEN.test(token)) return undefined
    // The look-up is by hash, so its time tells nothing about the tokens that exist.
    const entry = this.#entries.get(hash('sha256', token, 'base64url'))
    return entry instanceof Promise ? entry.then((read) => this.#callerOf(read)) : this.#callerOf(entry)
  }

  #callerOf({ value }: Checked<Entry>): SessionCaller | undefined {
    return value !== undefined && this.#now() < value.expiresAt ? value.caller : undefined
  }

  async #read(idHash: string): Promise<Entry | undefined> {
    const found = await this.#sessions.session(Buffer.from(idHash, 'base64url'))
    if (found === undefined || found.user.disabledAt !== undefined) return undefined
    const { id, name, principal } = found.user
    return { caller: { userId: id, username: name, principal }, expiresAt: found.session.expiresAt }
  }
}
