import { randomUUID } from 'node:crypto'
import { isLabel } from '../core/label.ts'
import type { StoredUser } from '../store/seam/users.ts'
import { hashPassword } from './passwords.ts'

/** Longest name of a user, in characters: it fits a line of a list. */
export const MAX_USER_NAME_CHARACTERS = 100

/**
 * Returns the form in which a user's name is stored and looked up (Unicode form C), or undefined if no user can have
 * this name: it is blank, too long, or has control or direction characters.
 */
export function parseUserName(name: string): string | undefined {
  if (!isLabel(name, MAX_USER_NAME_CHARACTERS)) return undefined
  return name.normalize('NFC')
}

/** The properties of a new user. `name`: as `parseUserName` returns it. `createdAt`: Unix seconds. */
export type UserRequest = {
  readonly name: string
  readonly password: string
  readonly principal?: string
  readonly createdAt: number
}

/**
 * Returns a new user with a random id, to put into the store. The password is hashed.
 * @throws PARAMETER_INVALID the password is over 1,024 bytes
 */
export async function createUser({
  name,
  password,
  principal = 'default',
  createdAt,
}: UserRequest): Promise<StoredUser> {
  const passwordHash = await hashPassword(password)
  return { id: randomUUID(), name, passwordHash, principal, createdAt, disabledAt: undefined }
}
