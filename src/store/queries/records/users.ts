import type { TableEngine } from '../../engine/table-engine.ts'
import { int, nullable } from '../../rows/columns.ts'
import { parseSessionOfUser, parseUser, SESSION, USER, userValues } from '../../rows/user-rows.ts'
import type { SessionStore, StoredSession, StoredUser, UserStore } from '../../seam/users.ts'
import { type Query, rowOf, rowsOf, TURN } from '../query.ts'

const ADD = rowOf(
  `INSERT INTO users (id, name, password_hash, principal, created_at, disabled_at) VALUES (?, ?, ?, ?, ?, ?)
   ON CONFLICT (name) DO NOTHING RETURNING id`,
)
const GET = rowOf(`SELECT ${USER} FROM users WHERE name = ?`)
const LIST = rowsOf(`SELECT ${USER} FROM users ORDER BY created_at, name`)
const DISABLE = rowOf('UPDATE users SET disabled_at = coalesce(disabled_at, ?) WHERE name = ? RETURNING id')

/** Users, on any engine. */
export class StoredUsers implements UserStore {
  readonly #engine: TableEngine

  constructor(engine: TableEngine) {
    this.#engine = engine
  }

  async put(user: StoredUser): Promise<boolean> {
    return this.#engine.write(function* (): Query<boolean> {
      return (yield [ADD, ...userValues(user)]).length === 1
    })
  }

  async get(name: string): Promise<StoredUser | undefined> {
    return this.#engine.read(function* (): Query<StoredUser | undefined> {
      const [row] = yield [GET, name]
      return row && parseUser(row)
    })
  }

  async list(): Promise<readonly StoredUser[]> {
    return this.#engine.read(function* (): Query<readonly StoredUser[]> {
      return (yield [LIST]).map(parseUser)
    })
  }

  async disable(name: string, at: number): Promise<boolean> {
    return this.#engine.write(function* (): Query<boolean> {
      return (yield [DISABLE, at, name]).length === 1
    })
  }
}

const LAST_SESSION = rowOf('SELECT max(sequence) FROM sessions')
const ADD_SESSION = rowOf(
  'INSERT INTO sessions (sequence, id_hash, user_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?)',
)
const DROP_OLDEST = rowOf(
  `DELETE FROM sessions WHERE user_id = @user AND sequence <=
     (SELECT sequence FROM sessions WHERE user_id = @user ORDER BY sequence DESC LIMIT 1 OFFSET @keep + 0)`,
)
const SESSION_OF_USER = rowOf(
  `SELECT ${USER}, ${SESSION} FROM sessions JOIN users ON users.id = user_id WHERE id_hash = ?`,
)
const DROP_EXPIRED = rowsOf('DELETE FROM sessions WHERE expires_at <= ? RETURNING sequence')

/** Sessions, on any engine. They are numbered and deleted in turn. */
export class StoredSessions implements SessionStore {
  readonly #engine: TableEngine

  constructor(engine: TableEngine) {
    this.#engine = engine
  }

  async putSession({ idHash, userId, createdAt, expiresAt }: StoredSession, keep: number): Promise<void> {
    await this.#engine.write(function* (): Query<void> {
      yield [TURN, 'sessions']
      const [last] = yield [LAST_SESSION]
      yield [ADD_SESSION, (nullable(last?.[0], int) ?? 0) + 1, idHash, userId, createdAt, expiresAt]
      yield [DROP_OLDEST, { user: userId, keep }]
    })
  }

  async session(idHash: Buffer): ReturnType<SessionStore['session']> {
    return this.#engine.read(function* (): Query<Awaited<ReturnType<SessionStore['session']>>> {
      const [row] = yield [SESSION_OF_USER, idHash]
      return row && parseSessionOfUser(row)
    })
  }

  async dropExpired(before: number): Promise<number> {
    return this.#engine.write(function* (): Query<number> {
      yield [TURN, 'sessions']
      return (yield [DROP_EXPIRED, before]).length
    })
  }
}
