import type { StoredSession, StoredUser } from '../seam/users.ts'
import { bytes, int, nullable, type Row, text } from './columns.ts'

/** The columns that `parseUser` reads, in order. */
export const USER = 'users.id, users.name, password_hash, users.principal, users.created_at, users.disabled_at'
/** The columns that `parseSession` reads, in order. */
export const SESSION = 'id_hash, user_id, sessions.created_at, expires_at'
/** How many columns USER has. */
export const USER_COLUMNS = 6

/** The values of a user, in the order of USER. */
export function userValues(user: StoredUser): readonly (string | number | null)[] {
  const { id, name, passwordHash, principal, createdAt, disabledAt } = user
  return [id, name, passwordHash, principal, createdAt, disabledAt ?? null]
}

/** A user of a row that begins with USER. */
export function parseUser(row: Row): StoredUser {
  return {
    id: text(row[0]),
    name: text(row[1]),
    passwordHash: text(row[2]),
    principal: text(row[3]),
    createdAt: int(row[4]),
    disabledAt: nullable(row[5], int),
  }
}

/** A session of a row with SESSION. */
export function parseSession(row: Row): StoredSession {
  return { idHash: bytes(row[0]), userId: text(row[1]), createdAt: int(row[2]), expiresAt: int(row[3]) }
}

/** A session and its user, of a row with USER and SESSION. */
export function parseSessionOfUser(row: Row): { readonly session: StoredSession; readonly user: StoredUser } {
  return { session: parseSession(row.slice(USER_COLUMNS)), user: parseUser(row) }
}
