/** What a key may do, from least to most. */
export const SCOPES = ['read', 'write', 'admin'] as const
/** What a key permits. */
export type KeyScope = (typeof SCOPES)[number]

/** A stored API key. Its id is public; its secret is stored only as SHA-256. Times are Unix seconds. */
export type StoredKey = {
  readonly id: string
  readonly secretHash: Buffer
  readonly name: string
  readonly principal: string
  readonly scopes: readonly KeyScope[]
  readonly origins: readonly string[]
  readonly ips: readonly string[]
  readonly createdAt: number
  readonly expiresAt: number | undefined
  readonly revokedAt: number | undefined
}

/** API keys. Secrets are never stored. */
export interface KeyStore {
  put(key: StoredKey): Promise<void>
  get(id: string): Promise<StoredKey | undefined>
  /** All keys, oldest first. `usedAt`: the last recorded use; undefined if there is none. */
  list(): Promise<readonly (StoredKey & { readonly usedAt: number | undefined })[]>
  /**
   * Records when keys were last used (Unix seconds), by id. Not durable: a crash of the machine may lose the last
   * records.
   */
  noteUses(uses: ReadonlyMap<string, number>): Promise<void>
  /** Revokes a key. Returns false if there is no such key. */
  revoke(id: string, at: number): Promise<boolean>
}
