import type { TrueTransfer } from './truth.ts'

/** The claim of an answer, independent of a vendor's format. Amounts are in base units. */
export type Claim =
  | { readonly what: 'native'; readonly account: string; readonly asked: number | undefined; readonly amount: bigint }
  /** Rows of an account. `listed` has the requested contracts; undefined means all that the account ever received. */
  | {
      readonly what: 'tokens'
      readonly account: string
      readonly listed: readonly string[] | undefined
      readonly rows: readonly { readonly token: string; readonly amount: bigint }[]
      /** Tokens with a row that says that the amount is not known. */
      readonly unread?: readonly string[]
      readonly count: number
    }
  /** A page of a token's holders. Amounts are undefined if the call does not return them. */
  | {
      readonly what: 'holders'
      readonly token: string
      readonly offset: number
      readonly limit: number
      readonly rows: readonly { readonly account: string; readonly amount: bigint | undefined }[]
      readonly count: number
    }
  | {
      readonly what: 'transfers'
      readonly token: string
      readonly account: string | undefined
      readonly first: number
      readonly last: number
      readonly limit: number
      readonly rows: readonly TrueTransfer[]
      readonly count: number
    }
  /** Balances of pairs. Those that failed are in `refused`; `isNoToken`: because there is no token. */
  | {
      readonly what: 'pairs'
      readonly asked: readonly { readonly account: string; readonly token: string }[]
      readonly rows: readonly PairRow[]
      readonly refused: readonly { readonly account: string; readonly token: string; readonly isNoToken: boolean }[]
    }
  /** Changes of a balance in a range of Unix seconds, with the amount after each, if it is known. */
  | {
      readonly what: 'history'
      readonly account: string
      readonly token: string
      readonly from: number
      readonly to: number
      readonly rows: readonly HistoryRow[]
    }

/** The claim of one kind. */
export type ClaimOf<What extends Claim['what']> = Extract<Claim, { what: What }>

export type PairRow = { readonly account: string; readonly token: string; readonly amount: bigint }

/** A change of a balance. `event` is the position of its event in the block. */
export type HistoryRow = { readonly block: number; readonly event: number; readonly amount: bigint | undefined }

/** Why an answer is untrue. `token` is set if the answer is untrue about that token's balances. */
export type Untruth = { readonly kind: string; readonly detail: string; readonly token?: string }
