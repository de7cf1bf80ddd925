import type { AssetRef } from '../../core/asset.ts'
import type { BalanceKey } from '../../core/balance.ts'
import type { BlockRef } from '../../core/block.ts'

/**
 * How much of a chain is in doubt: the chain refuted it, and that is not settled yet. Reads answer for it meanwhile.
 * `tokens`: those in doubt as a whole. `refetching`: logs were proven missing, and all blocks from this one on are still
 * to be fetched again; undefined where none are. `unlooked`: nothing of a new chain was compared yet.
 */
export type Doubts = {
  readonly pairs: number
  readonly tokens: number
  readonly chain: boolean
  readonly refetching: number | undefined
  readonly unlooked: boolean
}

/**
 * What a chain's writer has to do for what is in doubt. `rechecking`: all was fetched again, and all is compared anew.
 * `proofs`: the newest blocks, oldest first, whose logs were proven to have been left out by a node.
 */
export type DoubtWork = Doubts & { readonly rechecking: boolean; readonly proofs: readonly BlockRef[] }

/** Nothing is in doubt. */
export const NO_DOUBTS: Doubts = {
  pairs: 0,
  tokens: 0,
  chain: false,
  refetching: undefined,
  unlooked: false,
}

/** A balance, or without `account` a supply, that the chain contradicted. */
export type Refutation = { readonly asset: AssetRef; readonly account: string | undefined; readonly item: string }

/** Some of what is in doubt; `place` is where the next step begins. */
export type DoubtStep = {
  readonly keys: readonly BalanceKey[]
  /** Tokens whose supply was refuted, all of them up to a limit. */
  readonly supplies: readonly AssetRef[]
  /** Tokens of `reads` whose first transfer a reorg took back: whether the contract has code at the block `at` decides. */
  readonly classes: readonly { readonly asset: AssetRef; readonly account: string | undefined; readonly at: number }[]
  readonly place: string
}

/**
 * Marks of what was refuted. One refuted pair is in doubt alone, two pairs of a token put the token in doubt, proven
 * missing logs of two tokens put the chain in doubt. Marks survive restarts and reorgs; only `settle`, `looked` and a
 * change of the token's class end them.
 */
export interface DoubtStore {
  state(): Promise<DoubtWork>
  /**
   * Marks balances and supplies as refuted. Tokens that are read anyway or fixed by configuration are not marked. `all`: of
   * a new chain, which is in doubt as a whole until it was looked at.
   */
  refute(refuted: readonly Refutation[] | 'all'): Promise<void>
  /** The next balances in doubt after a place; after the last comes the first. */
  next(place: string, limit: number): Promise<DoubtStep>
  /**
   * Ends the doubt about balances and supplies that were found equal at a block of ours; nothing where it is not ours
   * (any more). A balance whose history still contradicts its newest read stays in doubt.
   */
  settle(equal: {
    readonly block: BlockRef
    readonly keys: readonly BalanceKey[]
    readonly supplies: readonly AssetRef[]
    /** Tokens whose contract was there before the reorg (`stays`), or was not: then its class is forgotten. */
    readonly classes?: readonly { readonly asset: AssetRef; readonly stays: boolean }[]
  }): Promise<void>
  /**
   * Says that all blocks up to `through`, from where `state` said on, were fetched again. At the last written block the
   * walk over all balances begins anew, so that they are compared once more.
   */
  refetched(through: number): Promise<void>
  /**
   * Says that balances were compared: `all` of them (since all blocks were fetched again), which ends the doubt that missing
   * logs had raised; or `some` of very many, which is enough for the first look at a chain.
   */
  looked(at: 'all' | 'some'): Promise<void>
}
