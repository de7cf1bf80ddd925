import { FOUND_KEY, KEY_COLUMNS, keyValues, parseFoundKey } from '../rows/key-rows.ts'
import type { FoundKey, KeyStore, StoredKey } from '../seam/keys.ts'
import { CheckedFile } from './checked-file.ts'
import type { RowStatement, SqliteDatabase, Statement } from './database.ts'
import type { SqliteKeyUses } from './key-uses.ts'

/** Opens the file of key uses. It is created at the first write. */
export type OpenKeyUses = (when: 'if there' | 'anyway') => SqliteKeyUses | undefined

/** API keys in the authoritative file. */
export class SqliteKeys implements KeyStore {
  readonly #file: CheckedFile
  readonly #put: Statement
  readonly #putOfUser: Statement
  readonly #get: RowStatement
  readonly #list: RowStatement
  readonly #revoke: Statement
  readonly #openUses: OpenKeyUses
  #uses: SqliteKeyUses | undefined

  constructor(db: SqliteDatabase, openUses: OpenKeyUses) {
    this.#openUses = openUses
    this.#file = new CheckedFile(db)
    const sql = (statement: string): Statement => db.prepare(statement)
    this.#put = sql(`INSERT INTO keys (${KEY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
    this.#putOfUser = sql(
      `INSERT INTO keys (${KEY_COLUMNS}) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE ? > (
         SELECT count(*) FROM keys WHERE user_id = ? AND revoked_at IS NULL AND coalesce(expires_at > ?, TRUE))`,
    )
    this.#get = sql(`SELECT ${FOUND_KEY} WHERE keys.id = ?`).raw()
    this.#list = sql(`SELECT ${FOUND_KEY} ORDER BY keys.created_at, keys.id`).raw()
    this.#revoke = sql('UPDATE keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?')
  }

  async put(key: StoredKey): Promise<void> {
    this.#file.use(() => this.#put.run(...keyValues(key)))
  }

  async putOfUser(key: StoredKey & { readonly userId: string }, max: number): Promise<boolean> {
    const { userId, createdAt } = key
    return this.#file.use(() => this.#putOfUser.run(...keyValues(key), max, userId, createdAt)).changes === 1
  }

  async get(id: string): Promise<FoundKey | undefined> {
    return this.#file.use(() => {
      const row = this.#get.get(id)
      return row === undefined ? undefined : parseFoundKey(row)
    })
  }

  async list(): ReturnType<KeyStore['list']> {
    const keys = this.#file.use(() => this.#list.all().map(parseFoundKey))
    this.#uses ??= this.#openUses('if there')
    const uses = this.#uses?.all() ?? new Map<string, number>()
    return keys.map((key) => ({ ...key, usedAt: uses.get(key.id) }))
  }

  async noteUses(uses: ReadonlyMap<string, number>): Promise<void> {
    if (uses.size === 0) return
    this.#uses ??= this.#openUses('anyway')
    this.#uses?.note(uses)
  }

  async revoke(id: string, at: number): Promise<boolean> {
    return this.#file.use(() => this.#revoke.run(at, id)).changes === 1
  }
}
