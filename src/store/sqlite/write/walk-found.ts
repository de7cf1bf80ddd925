import type { BalanceKey } from '../../../core/balance.ts'
import type { WalkLimits } from '../../seam/audits.ts'
import type { StoredAsset } from '../../seam/store.ts'

/** Where a walk over one token's transfers is: a block, a log, and a place in it. */
export type WalkCursor = readonly [number, number, number]

/** The token and place of stored text; nothing where it is no place. */
export function parseCursor(text: string): [number, WalkCursor][] {
  const [id, at] = text.split(':')
  const [block, log, sub] = (at ?? '').split('/').map(Number)
  return id === undefined || block === undefined || log === undefined || sub === undefined
    ? []
    : [[Number(id), [block, log, sub]]]
}

/** What a walk found so far: each key once, no more of one token than its share. */
export class Found {
  readonly #limits: WalkLimits
  readonly #keys = new Map<string, BalanceKey>()
  readonly #ofToken = new Map<number, number>()

  constructor(limits: WalkLimits) {
    this.#limits = limits
  }

  get keys(): BalanceKey[] {
    return [...this.#keys.values()]
  }

  get isFull(): boolean {
    return this.#keys.size >= this.#limits.keys
  }

  isFullOf(asset: number): boolean {
    return (this.#ofToken.get(asset) ?? 0) >= this.#limits.perToken
  }

  add(asset: number, key: BalanceKey): void {
    const name = `${asset}/${key.account}/${key.item}`
    if (this.isFull || this.isFullOf(asset) || this.#keys.has(name)) return
    this.#keys.set(name, key)
    this.#ofToken.set(asset, (this.#ofToken.get(asset) ?? 0) + 1)
  }
}

/** False of the sum of an ERC-1155's items, which is nothing that its contract could be asked for. */
export function isReadable({ asset }: StoredAsset, item: Buffer): boolean {
  return asset.standard !== 'erc1155' || item.length > 0
}
