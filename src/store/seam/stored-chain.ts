import type { AssetRef } from '../../core/asset.ts'
import type { Header } from '../../core/block.ts'
import type { Soon } from '../../core/soon.ts'

/**
 * A record of what is stored of a chain, its bytes as `src/journal` and the chain's codec encode them. A block comes before
 * its transfers, and those before its hints. Its hash is undefined if it was not kept: then the block has only hints.
 */
export type StoredRecord =
  | {
      readonly type: 'block'
      readonly number: number
      readonly timestamp: number
      readonly hash: Uint8Array | undefined
    }
  /** `asset`: its id. `from` undefined: a mint; `to` undefined: a burn. */
  | {
      readonly type: 'transfer'
      readonly event: number
      readonly part: number
      readonly asset: number
      readonly from: Uint8Array | undefined
      readonly to: Uint8Array | undefined
      readonly item: Uint8Array
      readonly amount: Uint8Array
      readonly hash: Uint8Array
    }
  | {
      readonly type: 'hint'
      readonly asset: AssetRef
      readonly account: Uint8Array
      readonly item: Uint8Array
      readonly isUndecodable: boolean
    }

/** What is stored of a chain, as it was when this was opened. The caller closes it. */
export interface StoredChain {
  /** The last block. */
  readonly through: Header
  /** The assets with ids above one, in their order without gaps, some at a time. */
  assets(after: number): AsyncIterable<readonly AssetRef[]>
  /** The records of the blocks after one, in order, some at a time. */
  records(after: number): AsyncIterable<Iterable<StoredRecord>>
  close(): Soon<void>
}

/**
 * How much is stored of a chain. `perBlock`: transfers of a block, on the average of the newest ones. `isPinned`: others have
 * what depends on the tables, which thus cannot be replaced.
 */
export type StoredExtent = {
  readonly transfers: number
  readonly perBlock: number
  readonly openings: number
  readonly isPinned: boolean
}
