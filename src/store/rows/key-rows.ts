import { mustBeOurs, parseStoredJson } from '../../journal/damaged-value.ts'
import { type FoundKey, type KeyScope, SCOPES, type StoredKey } from '../seam/keys.ts'
import { bytes, int, nullable, type Row, text } from './columns.ts'

/** The columns of a key. */
export const KEY_COLUMNS =
  'id, secret_hash, name, principal, scopes, origins, ips, created_at, expires_at, revoked_at, user_id'
/** The columns that `parseFoundKey` reads, and the tables that they come from. */
export const FOUND_KEY = `keys.id, secret_hash, keys.name, keys.principal, scopes, origins, ips, keys.created_at, expires_at,
  revoked_at, user_id, users.name, users.disabled_at FROM keys LEFT JOIN users ON users.id = user_id`

/** The values of a key, in the order of KEY_COLUMNS. */
export function keyValues(key: StoredKey): readonly (string | number | Buffer | null)[] {
  const lists = [key.scopes, key.origins, key.ips].map((list) => JSON.stringify(list))
  const times = [key.createdAt, key.expiresAt ?? null, key.revokedAt ?? null]
  return [key.id, key.secretHash, key.name, key.principal, ...lists, ...times, key.userId ?? null]
}

/** A key and its user, of a row with FOUND_KEY. */
export function parseFoundKey(row: Row): FoundKey {
  const name = nullable(row[11], text)
  return { user: name === undefined ? undefined : { name, disabledAt: nullable(row[12], int) }, ...parseKey(row) }
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
