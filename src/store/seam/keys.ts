/** What a key may do: in every dialect, only with custody wallets, or everything. */
export const SCOPES = ['read', 'write', 'admin', 'wallet:read', 'wallet:write', '*'] as const
/** What a key permits. */
export type KeyScope = (typeof SCOPES)[number]

/** A stored API key. Its id is public; its secret is stored only as SHA-256. Times are Unix seconds. */
export type StoredKey = {
  readonly id: string
  readonly secretHash: Buffer
  readonly name: string
  readonly principal: string
  /** The user who made the key in a session. Undefined: the operator made it. */
  readonly userId: string | undefined
  readonly scopes: readonly KeyScope[]
  readonly origins: readonly string[]
  readonly ips: readonly string[]
  readonly createdAt: number
  readonly expiresAt: number | undefined
  readonly revokedAt: number | undefined
}

/** A stored key, and the present state of the user who made it. */
export type FoundKey = StoredKey & {
  readonly user: { readonly name: string; readonly disabledAt: number | undefined } | undefined
}

/** API keys. Secrets are never stored. */
export interface KeyStore {
  put(key: StoredKey): Promise<void>
  /**
   * Adds a key of a user. Returns false, and adds nothing, if the user has `max` or more keys that are neither revoked
   * nor expired when the new one is made.
   */
  putOfUser(key: StoredKey & { readonly userId: string }, max: number): Promise<boolean>
  get(id: string): Promise<FoundKey | undefined>
  /** All keys, oldest first. `usedAt`: the last recorded use; undefined if there is none. */
  list(): Promise<readonly (FoundKey & { readonly usedAt: number | undefined })[]>
  /**
   * Records when keys were last used (Unix seconds), by id. Not durable: a crash of the machine may lose the last
   * records.
   */
  noteUses(uses: ReadonlyMap<string, number>): Promise<void>
  /** Revokes a key. Returns false if there is no such key. */
  revoke(id: string, at: number): Promise<boolean>
}
