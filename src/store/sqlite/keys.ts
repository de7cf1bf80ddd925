import { mustBeOurs, parseStoredJson } from '../../journal/damaged-value.ts'
import { type FoundKey, type KeyScope, type KeyStore, SCOPES, type StoredKey } from '../seam/keys.ts'
import { CheckedFile } from './checked-file.ts'
import {
  bytes,
  int,
  nullable,
  type Row,
  type RowStatement,
  type SqliteDatabase,
  type Statement,
  text,
} from './database.ts'
import type { SqliteKeyUses } from './key-uses.ts'

const COLUMNS = 'id, secret_hash, name, principal, scopes, origins, ips, created_at, expires_at, revoked_at, user_id'
const FOUND = `keys.id, secret_hash, keys.name, keys.principal, scopes, origins, ips, keys.created_at, expires_at,
  revoked_at, user_id, users.name, users.disabled_at FROM keys LEFT JOIN users ON users.id = user_id`

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
    this.#put = sql(`INSERT INTO keys (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
    this.#putOfUser = sql(
      `INSERT INTO keys (${COLUMNS}) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE ? > (
         SELECT count(*) FROM keys WHERE user_id = ? AND revoked_at IS NULL AND coalesce(expires_at > ?, TRUE))`,
    )
    this.#get = sql(`SELECT ${FOUND} WHERE keys.id = ?`).raw()
    this.#list = sql(`SELECT ${FOUND} ORDER BY keys.created_at, keys.id`).raw()
    this.#revoke = sql('UPDATE keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?')
  }

  async put(key: StoredKey): Promise<void> {
    this.#file.use(() => this.#put.run(...valuesOf(key)))
  }

  async putOfUser(key: StoredKey & { readonly userId: string }, max: number): Promise<boolean> {
    const { userId, createdAt } = key
    return this.#file.use(() => this.#putOfUser.run(...valuesOf(key), max, userId, createdAt)).changes === 1
  }

  async get(id: string): Promise<FoundKey | undefined> {
    return this.#file.use(() => {
      const row = this.#get.get(id)
      return row === undefined ? undefined : parseFound(row)
    })
  }

  async list(): ReturnType<KeyStore['list']> {
    const keys = this.#file.use(() => this.#list.all().map(parseFound))
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

/** The values of a key, in the order of COLUMNS. */
function valuesOf(key: StoredKey): readonly (string | number | Buffer | null)[] {
  const lists = [key.scopes, key.origins, key.ips].map((list) => JSON.stringify(list))
  const times = [key.createdAt, key.expiresAt ?? null, key.revokedAt ?? null]
  return [key.id, key.secretHash, key.name, key.principal, ...lists, ...times, key.userId ?? null]
}

function parseFound(row: Row): FoundKey {
  const name = nullable(row[11], text)
  return { ...parseKey(row), user: name === undefined ? undefined : { name, disabledAt: nullable(row[12], int) } }
}

function parseKey(row: Row): StoredKey {
  return {
    id: text(row[0]),
    secretHash: bytes(row[1]),
    name: text(row[2]),
    principal: text(row[3]),
    scopes: parseList(row[4]).map(parseScope),
    origins: parseList(row[5]),
    ips: parseList(row[6]),
    createdAt: int(row[7]),
    expiresAt: nullable(row[8], int),
    revokedAt: nullable(row[9], int),
    userId: nullable(row[10], text),
  }
}

function parseList(value: unknown): string[] {
  const list = parseStoredJson(text(value))
  mustBeOurs(Array.isArray(list), 'a stored list is a list')
  return list.map(text)
}

function parseScope(value: string): KeyScope {
  const scope = SCOPES.find((known) => known === value)
  mustBeOurs(scope !== undefined, `stored scope is unknown: ${value}`)
  return scope
}
