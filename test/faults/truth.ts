/** The true state of a simulated chain, at every block of every branch. The judge compares answers with it. */

/** A transfer as the chain's events report it, with lower-case addresses. */
export type TrueTransfer = {
  readonly block: number
  readonly transaction: string
  readonly logIndex: number
  readonly token: string
  readonly from: string
  readonly to: string
  readonly amount: bigint
}

export type TrueBlock = { readonly number: number; readonly hash: string; readonly timestamp: number }

/** The true chain. Each kind of chain implements it; nothing here depends on a kind. */
export type Truth = {
  /** A block of any branch. */
  readonly block: (hash: string) => TrueBlock | undefined
  /** The block with this number on the branch of another one, which is not lower. */
  readonly ancestor: (of: TrueBlock, number: number) => TrueBlock | undefined
  /** True if the block is final, so that no other block can have its number. */
  readonly isFinal: (block: TrueBlock) => boolean
  /** Blocks of any branch with this number or a higher one. */
  readonly blocksFrom: (number: number) => readonly TrueBlock[]
  /** The balance of an account at the end of a block. Undefined if the token does not exist there. */
  readonly balance: (at: TrueBlock, account: string, token: string) => bigint | undefined
  /** The native balance of an account. */
  readonly native: (at: TrueBlock, account: string) => bigint
  /**
   * Tokens that an account received according to events. A complete list contains those of them that it still holds.
   */
  readonly met: (at: TrueBlock, account: string) => readonly string[]
  /** All accounts with a positive balance of a token. */
  readonly holders: (at: TrueBlock, token: string) => ReadonlyMap<string, bigint>
  /** Transfers of a token up to a block, newest first. */
  readonly transfers: (at: TrueBlock, token: string) => readonly TrueTransfer[]
  /**
   * True if the server may not know yet that events do not report this token's balances: a short while ago it began to
   * change without events, or its code changed.
   */
  readonly isNotYetTold: (token: string) => boolean
  /** True if a fungible token exists, existed or will exist at this address, on any branch. */
  readonly isToken: (token: string) => boolean
  /** True if a token does not exist, or did not exist a short while ago, so that the server may not know it yet. */
  readonly isMissing: (token: string) => boolean
  /** A readable name of a token. */
  readonly nameOf: (token: string) => string
}
