/**
 * The parts of Chia's wallet SDK that tests use: an implementation that is not ours. It is built for x64 Linux with glibc
 * and undefined elsewhere. A wrong argument to one of its functions can end the process.
 */
import { createRequire } from 'node:module'

/** A CLVM value of the SDK. */
export interface Program {
  curry(args: readonly Program[]): Program
  serialize(): Uint8Array
  treeHash(): Uint8Array
}

/** A coin of the SDK. */
export interface SdkCoin {
  readonly parentCoinInfo: Uint8Array
  readonly puzzleHash: Uint8Array
  readonly amount: bigint
  coinId(): Uint8Array
}

/** A CAT's puzzle without the owner's: `hiddenPuzzleHash` is what the issuer revokes with, null if it cannot. */
export interface SdkCatInfo {
  readonly assetId: Uint8Array
  readonly hiddenPuzzleHash: Uint8Array | null
  readonly p2PuzzleHash: Uint8Array
  puzzleHash(): Uint8Array
  /** The puzzle hash inside the CAT, the revocation layer included. */
  innerPuzzleHash(): Uint8Array
}

/** A coin of a CAT. */
export interface SdkCat {
  readonly coin: SdkCoin
  readonly info: SdkCatInfo
}

/** A puzzle and its solution. */
export interface SdkSpend {
  readonly puzzle: Program
  readonly solution: Program
}

interface SdkCatSpend {
  readonly cat: SdkCat
}

/** A spent coin. */
export interface SdkCoinSpend {
  readonly coin: SdkCoin
  readonly puzzleReveal: Uint8Array
  readonly solution: Uint8Array
}

interface SdkClvm {
  atom(bytes: Uint8Array): Program
  alloc(values: readonly Uint8Array[]): Program
  nil(): Program
  deserialize(bytes: Uint8Array): Program
  deserializeWithBackrefs(bytes: Uint8Array): Program
  catPuzzle(): Program
  revocationLayer(): Program
  createCoin(puzzleHash: Uint8Array, amount: bigint, memos?: Program): Program
  runCatTail(tail: Program, solution: Program): Program
  delegatedSpend(conditions: readonly Program[]): SdkSpend
  standardSpend(key: unknown, spend: SdkSpend): SdkSpend
  spendStandardCoin(coin: SdkCoin, key: unknown, spend: SdkSpend): void
  spendCats(spends: readonly SdkCatSpend[]): readonly SdkCat[]
  coinSpends(): readonly SdkCoinSpend[]
}

/** A key with a coin of the simulator. */
export interface SdkKey {
  readonly coin: SdkCoin
  readonly pk: unknown
  readonly sk: unknown
  readonly puzzleHash: Uint8Array
}

interface SdkSimulator {
  bls(amount: bigint): SdkKey
  spendCoins(spends: readonly SdkCoinSpend[], keys: readonly unknown[]): void
}

/** What the SDK's module has. */
export interface WalletSdk {
  readonly Clvm: new () => SdkClvm
  readonly Coin: new (parent: Uint8Array, puzzleHash: Uint8Array, amount: bigint) => SdkCoin
  readonly CatInfo: new (assetId: Uint8Array, hidden: Uint8Array | null, p2: Uint8Array) => SdkCatInfo
  readonly Cat: new (coin: SdkCoin, lineage: null, info: SdkCatInfo) => SdkCat
  readonly CatSpend: {
    new (cat: SdkCat, spend: SdkSpend): SdkCatSpend
    revoke(cat: SdkCat, spend: SdkSpend): SdkCatSpend
  }
  readonly Simulator: new () => SdkSimulator
  readonly Constants: { catPuzzleHash(): Uint8Array; revocationLayerHash(): Uint8Array }
  catPuzzleHash(assetId: Uint8Array, innerPuzzleHash: Uint8Array): Uint8Array
}

function load(): WalletSdk | undefined {
  try {
    return createRequire(import.meta.url)('chia-wallet-sdk-linux-x64-gnu')
  } catch {
    return undefined
  }
}

/** The SDK; undefined where it cannot run. */
export const walletSdk = load()
