import { parseSessionOfUser, parseUser, SESSION, USER, userValues } from '../../rows/user-rows.ts'
import type { SessionStore, StoredSession, StoredUser, UserStore } from '../../seam/users.ts'
import type { PostgresDatabase } from '../database.ts'
import { lockNumbers, nextNumber } from '../row-numbers.ts'

/** Users. */
export class PostgresUsers implements UserStore {
  readonly #db: PostgresDatabase

  constructor(db: PostgresDatabase) {
    this.#db = db
  }

  async put(user: StoredUser): Promise<boolean> {
    const insert = `INSERT INTO users (id, name, password_hash, principal, created_at, disabled_at)
      VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING`
    return (await this.#db.run(insert, ...userValues(user))) === 1
  }

  async get(name: string): Promise<StoredUser | undefined> {
    // A caller may ask for any text. PostgreSQL stores none with this character, and fails on it.
    if (name.includes('\0')) return undefined
    const row = await this.#db.get(`SELECT ${USER} FROM users WHERE name = ?`, name)
    return this.#db.read(() => row && parseUser(row))
  }

  async list(): Promise<readonly StoredUser[]> {
    const rows = await this.#db.all(`SELECT ${USER} FROM users ORDER BY created_at, name`)
    return this.#db.read(() => rows.map(parseUser))
  }

  async disable(name: string, at: number): Promise<boolean> {
    const disable = 'UPDATE users SET disabled_at = coalesce(disabled_at, ?) WHERE name = ?'
    return (await this.#db.run(disable, at, name)) === 1
  }
}

/** Sessions. */
export class PostgresSessions implements SessionStore {
  readonly #db: PostgresDatabase

  constructor(db: PostgresDatabase) {
    this.#db = db
  }

  async putSession({ idHash, userId, createdAt, expiresAt }: StoredSession, keep: number): Promise<void> {
    await this.#db.write(async (queries) => {
      await lockNumbers(queries, 'sessions')
      const sequence = await nextNumber(queries, 'sessions')
      const insert = 'INSERT INTO sessions (sequence, id_hash, user_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?)'
      await queries.run(insert, sequence, idHash, userId, createdAt, expiresAt)
      const dropOldest = `DELETE FROM sessions WHERE sequence IN
        (SELECT sequence FROM sessions WHERE user_id = ? ORDER BY sequence DESC OFFSET ?)`
      await queries.run(dropOldest, userId, keep)
    })
  }

  async session(idHash: Buffer): ReturnType<SessionStore['session']> {
    const find = `SELECT ${USER}, ${SESSION} FROM sessions JOIN users ON users.id = user_id WHERE id_hash = ?`
    const row = await this.#db.get(find, idHash)
    return this.#db.read(() => row && parseSessionOfUser(row))
  }

  dropExpired(before: number): Promise<number> {
    return this.#db.run('DELETE FROM sessions WHERE expires_at <= ?', before)
  }
}
