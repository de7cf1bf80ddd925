import type { AssetRef, Standard } from '../../../core/asset.ts'

/** What of a log says which transfers it tells: untrusted beyond its types. */
export type LogBody = { readonly address: string; readonly topics: readonly unknown[]; readonly data: string }

/** Where a log stands. */
export type LogLocation = { readonly logIndex: number; readonly transactionHash: string }

/**
 * Remembers the parsed form of what repeats within a range (accounts, assets), so that each is checked and lower-cased
 * once, and transfers share one string. Made anew for each range: it never outgrows one answer.
 */
export class Interned {
  private readonly accounts = new Map<string, string>()
  private readonly assets: Record<'erc20' | 'erc721' | 'erc1155', Map<string, AssetRef>> = {
    erc20: new Map(),
    erc721: new Map(),
    erc1155: new Map(),
  }

  /** Address of a 32-byte topic; undefined where its padding is dirty or it is no topic. */
  account(topic: unknown): string | undefined {
    if (typeof topic !== 'string') return undefined
    const known = this.accounts.get(topic)
    if (known !== undefined) return known
    if (!ADDRESS_TOPIC.test(topic)) return undefined
    const address = `0x${topic.slice(26).toLowerCase()}`
    this.accounts.set(topic, address)
    return address
  }

  /** The asset of a contract; undefined where the address is none. */
  asset(standard: 'erc20' | 'erc721' | 'erc1155', address: string): AssetRef | undefined {
    const map = this.assets[standard]
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
