import { parseSessionOfUser, parseUser, SESSION, USER, userValues } from '../rows/user-rows.ts'
import type { SessionStore, StoredSession, StoredUser, UserStore } from '../seam/users.ts'
import { CheckedFile } from './checked-file.ts'
import type { RowStatement, SqliteDatabase, Statement } from './database.ts'

/** Users in the authoritative file. */
export class SqliteUsers implements UserStore {
  readonly #file: CheckedFile
  readonly #put: Statement
  readonly #get: RowStatement
  readonly #list: RowStatement
  readonly #disable: Statement

  constructor(db: SqliteDatabase) {
    this.#file = new CheckedFile(db)
    this.#put = db.prepare(
      `INSERT INTO users (id, name, password_hash, principal, created_at, disabled_at)
       VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING`,
    )
    this.#get = db.prepare(`SELECT ${USER} FROM users WHERE name = ?`).raw()
    this.#list = db.prepare(`SELECT ${USER} FROM users ORDER BY created_at, name`).raw()
    this.#disable = db.prepare('UPDATE users SET disabled_at = coalesce(disabled_at, ?) WHERE name = ?')
  }

  async put(user: StoredUser): Promise<boolean> {
    return this.#file.use(() => this.#put.run(...userValues(user))).changes === 1
  }

  async get(name: string): Promise<StoredUser | undefined> {
    return this.#file.use(() => {
      const row = this.#get.get(name)
      return row === undefined ? undefined : parseUser(row)
    })
  }

  async list(): Promise<readonly StoredUser[]> {
    return this.#file.use(() => this.#list.all().map(parseUser))
  }

  async disable(name: string, at: number): Promise<boolean> {
    return this.#file.use(() => this.#disable.run(at, name)).changes === 1
  }
}

/** Sessions in the authoritative file. */
export class SqliteSessions implements SessionStore {
  readonly #file: CheckedFile
  readonly #put: (session: StoredSession, keep: number) => void
  readonly #get: RowStatement
  readonly #dropExpired: Statement

  constructor(db: SqliteDatabase) {
    this.#file = new CheckedFile(db)
    const insert = db.prepare('INSERT INTO sessions (id_hash, user_id, created_at, expires_at) VALUES (?, ?, ?, ?)')
    const dropOldest = db.prepare(
      `DELETE FROM sessions WHERE sequence IN
         (SELECT sequence FROM sessions WHERE user_id = ? ORDER BY sequence DESC LIMIT -1 OFFSET ? + 0)`,
    )
    const put = db.transaction(({ idHash, userId, createdAt, expiresAt }: StoredSession, keep: number) => {
      insert.run(idHash, userId, createdAt, expiresAt)
      dropOldest.run(userId, keep)
    })
    this.#put = (session, keep) => put.immediate(session, keep)
    this.#get = db
      .prepare(`SELECT ${USER}, ${SESSION} FROM sessions JOIN users ON users.id = user_id WHERE id_hash = ?`)
      .raw()
    this.#dropExpired = db.prepare('DELETE FROM sessions WHERE expires_at <= ?')
  }

  async putSession(session: StoredSession, keep: number): Promise<void> {
    this.#file.use(() => this.#put(session, keep))
  }

  async session(idHash: Buffer): ReturnType<SessionStore['session']> {
    return this.#file.use(() => {
      const row = this.#get.get(idHash)
      return row === undefined ? undefined : parseSessionOfUser(row)
    })
  }

  async dropExpired(before: number): Promise<number> {
    return this.#file.use(() => this.#dropExpired.run(before)).changes
  }
}
