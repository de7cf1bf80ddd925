/** A user who logs in with a password. Times are Unix seconds. */
export type StoredUser = {
  readonly id: string
  /** Unique, compared exactly. */
  readonly name: string
  /** The password's hash with its parameters, as `hashPassword` writes it. The store does not read it. */
  readonly passwordHash: string
  readonly principal: string
  readonly createdAt: number
  readonly disabledAt: number | undefined
}

/** A session of a user. `idHash`: SHA-256 of the token, which is not stored. Times are Unix seconds. */
export type StoredSession = {
  readonly idHash: Buffer
  readonly userId: string
  readonly createdAt: number
  readonly expiresAt: number
}

/** Users. Passwords are never stored. */
export interface UserStore {
  /** Adds a user. Returns false if the name is taken, also by a disabled user. */
  put(user: StoredUser): Promise<boolean>
  /** The user with this name, also a disabled one. */
  get(name: string): Promise<StoredUser | undefined>
  /** All users, oldest first. */
  list(): Promise<readonly StoredUser[]>
  /** Disables a user. The first time is kept. Returns false if there is no such user. */
  disable(name: string, at: number): Promise<boolean>
}

/** Sessions of users. They survive a restart. */
export interface SessionStore {
  /** Adds a session, and deletes the oldest sessions of its user above `keep`. */
  putSession(session: StoredSession, keep: number): Promise<void>
  /** The session with this hash and its user, whether or not either has ended. */
  session(idHash: Buffer): Promise<{ readonly session: StoredSession; readonly user: StoredUser } | undefined>
  /** Deletes the sessions that ended at `before` or earlier. Returns their number. */
  dropExpired(before: number): Promise<number>
}
