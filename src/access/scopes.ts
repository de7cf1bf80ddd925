import { type KeyScope, SCOPES } from '../store/seam/keys.ts'

/** What a key permits, and all such scopes, for dialects that manage keys. */
export { type KeyScope, SCOPES }

/**
 * What each scope permits. `read` and `write` include custody wallets, so that a key of the operator works in every
 * dialect; the wallets' own scopes permit nothing else. `write` does not include `read`.
 */
const GRANTED: Readonly<Record<KeyScope, readonly KeyScope[]>> = {
  read: ['read', 'wallet:read'],
  write: ['write', 'wallet:write'],
  admin: ['admin'],
  'wallet:read': ['wallet:read'],
  'wallet:write': ['wallet:write'],
  '*': SCOPES,
}

/** True if these scopes of a key permit what needs `scope`. */
export function grants(scopes: readonly KeyScope[], scope: KeyScope): boolean {
  return scopes.some((held) => GRANTED[held].includes(scope))
}
