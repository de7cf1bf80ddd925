import type { AssetRef } from '../../../core/asset.ts'
import type { Standard } from '../../../core/standards.ts'

/** The fields of a log that describe its transfers: untrusted beyond their types. */
export type LogBody = { readonly address: string; readonly topics: readonly unknown[]; readonly data: string }

/** The location of a log in its block. */
export type LogLocation = { readonly event: number; readonly transactionHash: string }

/**
 * Caches the parsed form of repeated accounts and assets, so that each is validated and lower-cased once and transfers
 * share one string. Created for each range, so it never outgrows one answer.
 */
export class Interned {
  readonly #accounts = new Map<string, string>()
  readonly #assets: Record<'erc20' | 'erc721' | 'erc1155', Map<string, AssetRef>> = {
    erc20: new Map(),
    erc721: new Map(),
    erc1155: new Map(),
  }

  /** Returns the address of a 32-byte topic; undefined if its padding is not zero or it is not a topic. */
  account(topic: unknown): string | undefined {
    if (typeof topic !== 'string') return undefined
    const known = this.#accounts.get(topic)
    if (known !== undefined) return known
    if (!ADDRESS_TOPIC.test(topic)) return undefined
    const address = `0x${topic.slice(26).toLowerCase()}`
    this.#accounts.set(topic, address)
    return address
  }

  /** Returns the asset of a contract; undefined if the address is invalid. */
  asset(standard: 'erc20' | 'erc721' | 'erc1155', address: string): AssetRef | undefined {
    const map = this.#assets[standard]
    const known = map.get(address)
    if (known !== undefined) return known
    if (!CONTRACT.test(address)) return undefined
    const asset: { standard: Standard; reference: string } = { standard, reference: address.toLowerCase() }
    map.set(address, asset)
    return asset
  }
}

const ADDRESS_TOPIC = /^0x0{24}[0-9a-fA-F]{40}$/
const CONTRACT = /^0x[0-9a-fA-F]{40}$/
