import type { BalanceKey } from '../../core/balance.ts'
import type { WalkLimits } from '../seam/audits.ts'

/** The cursor of a walk over one token's transfers: block, log index, batch index. */
export type WalkCursor = readonly [number, number, number]

/** The token id and the cursor in stored text; empty if the text is not a cursor. */
export function parseCursor(text: string): [number, WalkCursor][] {
  const [id, at] = text.split(':')
  const [block, log, sub] = (at ?? '').split('/').map(Number)
  return id === undefined || block === undefined || log === undefined || sub === undefined
    ? []
    : [[Number(id), [block, log, sub]]]
}

/** The cursor of the walk `rereads` with other ids of its tokens. Under the id 0 it has the last token. */
export function withIds(cursor: string, idOf: (id: number) => number): string {
  const parts = cursor.split(' ').flatMap((part) => parseCursor(part))
  return parts
    .map(([id, [block, log, sub]]) => (id === 0 ? [0, idOf(block), log, sub] : [idOf(id), block, log, sub]))
    .map(([id, ...at]) => `${id}:${at.join('/')}`)
    .join(' ')
}

/** The keys that a walk has found so far: each key once, and of one token at most `perToken`. */
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
