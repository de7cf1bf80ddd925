import type { KeyStore } from '../store/seam/keys.ts'
import { createKey, type KeyRequest } from './keys.ts'

/** Most keys of one principal, made through an API, that are neither revoked nor expired. */
export const MAX_KEYS_PER_PRINCIPAL = 1_000

/** A stored key without its secret, as lists show it. */
export type ListedKey = Awaited<ReturnType<KeyStore['list']>>[number]

/**
 * The keys of each principal, for those who may manage them. A key of another principal is as if it did not exist. Times
 * are Unix seconds.
 */
export class PrincipalKeys {
  readonly #store: Pick<KeyStore, 'put' | 'list' | 'revoke'>
  readonly #now: () => number

  constructor(store: Pick<KeyStore, 'put' | 'list' | 'revoke'>, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** The principal's keys, oldest first. @throws STORE_UNAVAILABLE */
  async list(principal: string): Promise<readonly ListedKey[]> {
    return (await this.#store.list()).filter((key) => key.principal === principal)
  }

  /**
   * Makes a key of a principal and stores it. Resolves to its text, which cannot be read again, and its properties;
   * undefined if the principal has `MAX_KEYS_PER_PRINCIPAL`. Calls at the same time may exceed this number a little: it
   * only keeps the list short. @throws STORE_UNAVAILABLE
   */
  async issue(request: Omit<KeyRequest, 'createdAt'> & { readonly principal: string }) {
    const now = this.#now()
    const isActive = ({ revokedAt, expiresAt }: ListedKey): boolean =>
      revokedAt === undefined && (expiresAt === undefined || expiresAt > now)
    const active = (await this.list(request.principal)).filter(isActive)
    if (active.length >= MAX_KEYS_PER_PRINCIPAL) return undefined
    const made = createKey({ ...request, createdAt: now })
    await this.#store.put(made.stored)
    return made
  }

  /** Revokes a key. Resolves to false if the principal has no such key. @throws STORE_UNAVAILABLE */
  async revoke(principal: string, id: string): Promise<boolean> {
    const keys = await this.list(principal)
    return keys.some((key) => key.id === id) && (await this.#store.revoke(id, this.#now()))
  }
}
