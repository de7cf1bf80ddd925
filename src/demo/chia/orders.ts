/** A coin to make. `to` is a puzzle hash in hex. */
export type Output = {
  readonly to: string
  readonly amount: bigint
  /** 32 bytes in hex, or texts. Absent: the receiver's puzzle hash, as wallets do. Empty: none, so nobody is hinted. */
  readonly memos?: readonly string[]
}

/** A CAT: the wallet that may issue it, and the wallet that may revoke its coins. Wallets are named by their numbers. */
export type Cat = { readonly issuer: number; readonly revoker?: number }

/** What a transaction does. All orders of a block are one transaction, so later ones can spend what earlier ones made. */
export type Order =
  /** Makes coins of a CAT out of nothing. */
  | { readonly do: 'issue'; readonly cat: Cat; readonly outputs: readonly Output[] }
  /** Sends coins of a CAT; what is left goes back, with these memos. */
  | {
      readonly do: 'send'
      readonly cat: Cat
      readonly from: number
      readonly outputs: readonly Output[]
      readonly changeMemos?: readonly string[]
    }
  /** Sends all coins of an account together to itself and makes an amount disappear. */
  | { readonly do: 'melt'; readonly cat: Cat; readonly from: number; readonly amount: bigint }
  /** Takes a coin of an account back. It is no longer revocable. */
  | { readonly do: 'revoke'; readonly cat: Cat; readonly from: string }
  /** Makes coins of XCH with any puzzle hashes and memos. */
  | { readonly do: 'pay'; readonly from: number; readonly outputs: readonly Output[] }
  /** Mints an NFT, which is hinted to its owner. */
  | { readonly do: 'mint nft'; readonly from: number; readonly to: string }
