/** A model of the ledger's rules in plain data. Tests compare the server with it. */

/** A call of a client. */
export type Call =
  | { readonly call: 'asset'; readonly asset: string; readonly reissue: boolean }
  | { readonly call: 'wallet'; readonly wallet: string }
  | { readonly call: 'mint'; readonly asset: string; readonly amount: number; readonly to: string }
  | {
      readonly call: 'transfer'
      readonly asset: string
      readonly amount: number
      readonly from: string
      readonly to: string
    }
  | { readonly call: 'burn'; readonly asset: string; readonly amount: number; readonly from: string }
  | { readonly call: 'balance'; readonly asset: string; readonly wallet: string }

/** The expected answer: the status, and the error code or the part that distinguishes successes. */
export type Said = readonly [status: number, says: string]

/** A ledger in memory. */
export class LedgerModel {
  readonly #strict: boolean
  readonly #assets = new Map<string, { readonly reissue: boolean; minted: boolean }>()
  readonly #wallets = new Set<string>()
  readonly #registered = new Set<string>()
  readonly #held = new Map<string, bigint>()
  #mints = 0
  #moves = 0

  constructor(strict: boolean) {
    this.#strict = strict
  }

  apply(given: Call): Said {
    switch (given.call) {
      case 'asset':
        return this.#register(given)
      case 'wallet':
        return this.#registerWallet(given.wallet)
      case 'mint':
        return this.#mint(given)
      case 'transfer':
        return this.#transfer(given)
      case 'burn':
        return this.#burn(given)
      case 'balance':
        return this.#wallets.has(given.wallet)
          ? [200, String(this.#of(given.asset, given.wallet))]
          : [404, 'WALLET_NOT_FOUND']
    }
  }

  #register({ asset, reissue }: Call & { call: 'asset' }): Said {
    const known = this.#assets.get(asset)
    if (known !== undefined) return known.reissue === reissue ? [200, ''] : [409, 'ASSET_CONFLICT']
    this.#assets.set(asset, { reissue, minted: false })
    return [201, '']
  }

  /** A wallet that only took part in operations is known, but not registered. */
  #registerWallet(wallet: string): Said {
    const isNew = !this.#registered.has(wallet)
    this.#registered.add(wallet)
    this.#wallets.add(wallet)
    return isNew ? [201, ''] : [200, '']
  }

  #mint({ asset, amount, to }: Call & { call: 'mint' }): Said {
    const known = this.#assets.get(asset)
    if (known === undefined) return [404, 'ASSET_NOT_FOUND']
    if (this.#strict && !this.#wallets.has(to)) return [404, 'WALLET_NOT_FOUND']
    if (known.minted && !known.reissue) return [409, 'DUPLICATE_MINT']
    known.minted = true
    this.#wallets.add(to)
    this.#add(asset, to, BigInt(amount))
    this.#mints += 1
    return [200, `TOKEN-${this.#mints}`]
  }

  #transfer({ asset, amount, from, to }: Call & { call: 'transfer' }): Said {
    if (!this.#wallets.has(from) || (this.#strict && !this.#wallets.has(to))) return [404, 'WALLET_NOT_FOUND']
    if (!this.#assets.has(asset)) return [404, 'ASSET_NOT_FOUND']
    if (this.#of(asset, from) < BigInt(amount)) return [400, 'INSUFFICIENT_FUNDS']
    this.#wallets.add(to)
    this.#add(asset, from, -BigInt(amount))
    this.#add(asset, to, BigInt(amount))
    this.#moves += 1
    return [200, `TX-${this.#moves}`]
  }

  #burn({ asset, amount, from }: Call & { call: 'burn' }): Said {
    if (!this.#assets.has(asset) || !this.#wallets.has(from)) return [404, 'ASSET_OR_WALLET_NOT_FOUND']
    if (this.#of(asset, from) < BigInt(amount)) return [400, 'INVALID_BURN_AMOUNT']
    this.#add(asset, from, -BigInt(amount))
    this.#moves += 1
    return [200, `TX-${this.#moves}`]
  }

  #of(asset: string, wallet: string): bigint {
    return this.#held.get(`${asset}/${wallet}`) ?? 0n
  }

  #add(asset: string, wallet: string, amount: bigint): void {
    this.#held.set(`${asset}/${wallet}`, this.#of(asset, wallet) + amount)
  }
}
