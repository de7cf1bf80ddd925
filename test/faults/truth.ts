/** What a simulated chain knows of itself, at every block of every branch: the judge compares answers with it. */

/** A transfer as a chain's events tell it, addresses in lower case. */
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

/** The chain as it truly is. A kind of chain implements it; nothing here knows of a kind. */
export type Truth = {
  /** A block of any branch that was ever made. */
  readonly block: (hash: string) => TrueBlock | undefined
  /** True where the block is final, and no other can be at its height. */
  readonly isFinal: (block: TrueBlock) => boolean
  /** Blocks of any branch from this height on. */
  readonly blocksFrom: (number: number) => readonly TrueBlock[]
  /** What an account holds of a token at the end of a block; undefined where no such token is there. */
  readonly balance: (at: TrueBlock, account: string, token: string) => bigint | undefined
  /** What an account holds of the native asset. */
  readonly native: (at: TrueBlock, account: string) => bigint
  /** Tokens of which events say that an account met them: a whole list has these where the account holds some. */
  readonly met: (at: TrueBlock, account: string) => readonly string[]
  /** All accounts with a positive balance of a token. */
  readonly holders: (at: TrueBlock, token: string) => ReadonlyMap<string, bigint>
  /** Transfers of a token up to a block, newest first. */
  readonly transfers: (at: TrueBlock, token: string) => readonly TrueTransfer[]
  /**
   * True where nobody could have told yet that events do not tell this token's balances: it began to change without
   * events, or its code changed, only a short while ago.
   */
  readonly isNotYetTold: (token: string) => boolean
  /** True where a fungible token is, was or will be at this address, on any branch. */
  readonly isToken: (token: string) => boolean
  /** True where a token is not there, or was not a short while ago: a server may not have heard of it yet. */
  readonly isMissing: (token: string) => boolean
  /** What people call a token. */
  readonly nameOf: (token: string) => string
}
