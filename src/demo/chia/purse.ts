import { assert } from '../../core/assert.ts'
import { hex } from './chain.ts'
import type { Cat } from './orders.ts'
import type { Bytes, Sdk, SdkCat, SdkCatInfo, SdkClvm, SdkCoin, SdkPair, SdkProgram, SdkSecretKey } from './sdk.ts'

/** Keys and the standard puzzle hash for them. */
export type Wallet = { readonly keys: SdkPair; readonly puzzleHash: Bytes }

/** A coin that orders made. Blocks are numbers. */
type Entry = {
  readonly coin: SdkCoin
  readonly cat: SdkCat | undefined
  /** Of a CAT: the owner inside. */
  readonly owner: string
  readonly token: string
  readonly created: number
  spent: number | undefined
}

const XCH = 'xch'

/** The wallets of a simulated chain, and the coins that its orders made. */
export class Purse {
  readonly #sdk: Sdk
  readonly #wallets = new Map<number, Wallet>()
  #entries: Entry[] = []

  constructor(sdk: Sdk) {
    this.#sdk = sdk
  }

  /** The wallet with a number. The same number is the same wallet on every chain. */
  wallet(number: number): Wallet {
    const known = this.#wallets.get(number)
    if (known !== undefined) return known
    const keys = this.#sdk.BlsPair.fromSeed(BigInt(number))
    const wallet = { keys, puzzleHash: this.#sdk.standardPuzzleHash(keys.pk) }
    this.#wallets.set(number, wallet)
    return wallet
  }

  /** The secret keys of all wallets that were used. */
  get secretKeys(): readonly SdkSecretKey[] {
    return [...this.#wallets.values()].map(({ keys }) => keys.sk)
  }

  /** The TAIL of a CAT: whoever has the issuer's key may issue and melt. */
  tail(clvm: SdkClvm, { issuer }: Cat): SdkProgram {
    return clvm.everythingWithSignature().curry([clvm.alloc(this.wallet(issuer).keys.pk)])
  }

  /** The puzzle of an owner's coins of a CAT. */
  info(cat: Cat, owner: Bytes): SdkCatInfo {
    const tail = this.tail(new this.#sdk.Clvm(), cat).treeHash()
    const hidden = cat.revoker === undefined ? null : this.wallet(cat.revoker).puzzleHash
    return new this.#sdk.CatInfo(tail, hidden, owner)
  }

  addCoin(coin: SdkCoin, created: number): void {
    this.#add({ coin, cat: undefined, owner: hex(coin.puzzleHash), token: XCH, created, spent: undefined })
  }

  addCat(cat: SdkCat, created: number): void {
    const { info, coin } = cat
    this.#add({ coin, cat, owner: hex(info.p2PuzzleHash), token: tokenOf(info), created, spent: undefined })
  }

  /** Takes a coin of XCH of at least this amount. */
  takeCoin(owner: Bytes, amount: bigint, number: number): SdkCoin {
    const found = this.#unspent(XCH, hex(owner)).find(({ coin }) => coin.amount >= amount)
    assert(found !== undefined, 'the wallet has a coin of XCH that is large enough')
    found.spent = number
    return found.coin
  }

  /** Takes the oldest coins of a CAT that have at least this amount together; undefined: all of them. */
  takeCats(info: SdkCatInfo, amount: bigint | undefined, number: number): readonly SdkCat[] {
    const taken: SdkCat[] = []
    let sum = 0n
    for (const entry of this.#unspent(tokenOf(info), hex(info.p2PuzzleHash))) {
      if (amount !== undefined && sum >= amount) break
      assert(entry.cat !== undefined, 'the coin is a CAT')
      entry.spent = number
      taken.push(entry.cat)
      sum += entry.coin.amount
    }
    assert(taken.length > 0 && sum >= (amount ?? 0n), 'the wallet holds enough of the CAT')
    return taken
  }

  /** What an owner holds of a CAT, as the orders made it. */
  held(info: SdkCatInfo): bigint {
    return this.#unspent(tokenOf(info), hex(info.p2PuzzleHash)).reduce((sum, { coin }) => sum + coin.amount, 0n)
  }

  /** Forgets what happened above a block. */
  revert(number: number): void {
    this.#entries = this.#entries.filter(({ created }) => created <= number)
    for (const entry of this.#entries) {
      if (entry.spent !== undefined && entry.spent > number) entry.spent = undefined
    }
  }

  #add(entry: Entry): void {
    this.#entries.push(entry)
  }

  #unspent(token: string, owner: string): readonly Entry[] {
    return this.#entries.filter((entry) => entry.token === token && entry.owner === owner && entry.spent === undefined)
  }
}

function tokenOf({ assetId, hiddenPuzzleHash }: SdkCatInfo): string {
  return `${hex(assetId)}:${hiddenPuzzleHash === null ? '' : hex(hiddenPuzzleHash)}`
}
