import { createRequire } from 'node:module'

/** 32 bytes. Wrong arguments of native calls can end the process: only the simulator's own process makes them. */
export type Bytes = Uint8Array

/** A coin. */
export type SdkCoin = {
  readonly parentCoinInfo: Bytes
  readonly puzzleHash: Bytes
  readonly amount: bigint
  coinId(): Bytes
}
/** A coin and the blocks that created and spent it. 0: none spent it. */
export type SdkCoinRecord = {
  readonly coin: SdkCoin
  readonly coinbase: boolean
  readonly confirmedBlockIndex: number
  readonly spent: boolean
  readonly spentBlockIndex: number
}
/** A value of CLVM, in an allocator. */
export type SdkProgram = {
  curry(args: readonly SdkProgram[]): SdkProgram
  treeHash(): Bytes
  serialize(): Bytes
  run(solution: SdkProgram, maxCost: bigint, isMempool: boolean): { readonly value: SdkProgram }
  toList(): readonly SdkProgram[]
  parseCreateCoin(): { readonly puzzleHash: Bytes; readonly amount: bigint; readonly memos: SdkProgram | null } | null
  isPair(): boolean
  first(): SdkProgram
  toAtom(): Bytes | null
  parseAggSigMe(): { readonly publicKey: SdkPublicKey; readonly message: Bytes } | null
  puzzle(): { parseChildCats(parent: SdkCoin, solution: SdkProgram): readonly SdkCat[] | null }
}
/** A BLS public key. */
export type SdkPublicKey = { toBytes(): Bytes }
/** A BLS secret key. */
export type SdkSecretKey = {
  publicKey(): SdkPublicKey
  sign(message: Bytes): SdkSignature
  deriveHardenedPath(path: readonly number[]): SdkSecretKey
  deriveSynthetic(): SdkSecretKey
}
/** A BLS signature. */
export type SdkSignature = { readonly toBytes: () => Bytes }
/** A BLS key pair. */
export type SdkPair = { readonly sk: SdkSecretKey; readonly pk: SdkPublicKey }
/** A puzzle and its solution. */
export type SdkSpend = { readonly puzzle: SdkProgram; readonly solution: SdkProgram }
/** The spend of a coin, with serialized puzzle and solution. */
export type SdkCoinSpend = { readonly coin: SdkCoin; readonly puzzleReveal: Bytes; readonly solution: Bytes }
/** Which CAT a coin is of, and whose. */
export type SdkCatInfo = {
  readonly assetId: Bytes
  readonly hiddenPuzzleHash: Bytes | null
  readonly p2PuzzleHash: Bytes
  puzzleHash(): Bytes
  /** The puzzle hash inside the CAT, the revocation layer included. */
  innerPuzzleHash(): Bytes
}
/** A coin of a CAT. */
export type SdkCat = { readonly coin: SdkCoin; readonly info: SdkCatInfo }
/** The spend of a coin of a CAT. */
export type SdkCatSpend = { readonly cat: SdkCat }
/** An NFT to mint. */
export type SdkNftMint = { readonly p2PuzzleHash: Bytes }
/** A block. */
export type SdkBlockRecord = {
  readonly headerHash: Bytes
  readonly prevHash: Bytes
  readonly height: number
  readonly rewardClaimsIncorporated: readonly SdkCoin[] | null
}

/** Builds puzzles and spends. Programs of one allocator must not be used with another one. */
export type SdkClvm = {
  nil(): SdkProgram
  atom(bytes: Bytes): SdkProgram
  alloc(value: Bytes | string | SdkPublicKey | readonly (Bytes | string)[]): SdkProgram
  deserialize(bytes: Bytes): SdkProgram
  catPuzzle(): SdkProgram
  revocationLayer(): SdkProgram
  everythingWithSignature(): SdkProgram
  createCoin(puzzleHash: Bytes, amount: bigint, memos?: SdkProgram): SdkProgram
  runCatTail(tail: SdkProgram, solution: SdkProgram): SdkProgram
  delegatedSpend(conditions: readonly SdkProgram[]): SdkSpend
  standardSpend(key: SdkPublicKey, spend: SdkSpend): SdkSpend
  spendStandardCoin(coin: SdkCoin, key: SdkPublicKey, spend: SdkSpend): void
  spendCats(spends: readonly SdkCatSpend[]): readonly SdkCat[]
  nftMetadata(metadata: unknown): SdkProgram
  mintNfts(parent: Bytes, mints: readonly SdkNftMint[]): { readonly parentConditions: readonly SdkProgram[] }
  coinSpends(): readonly SdkCoinSpend[]
}

type Records = { readonly coinRecords: readonly SdkCoinRecord[] | null }

/** The simulator. Its first block has height 1. */
export type SdkSimulator = {
  height(): number
  headerHash(): Bytes
  headerHashOf(height: number): Bytes | null
  getMasterSecretKey(): SdkSecretKey
  getPrefarmPuzzleHash(): Bytes
  setFarmingPh(puzzleHash: Bytes): void
  getAggsigAdditionalData(): Bytes
  getNetworkInfo(): { readonly genesisChallenge: Bytes }
  getBlockRecord(hash: Bytes): { readonly blockRecord: SdkBlockRecord | null }
  getBlockSpends(hash: Bytes): { readonly blockSpends: readonly SdkCoinSpend[] | null }
  getAdditionsAndRemovals(hash: Bytes): {
    readonly additions: readonly SdkCoinRecord[] | null
    readonly removals: readonly SdkCoinRecord[] | null
  }
  getCoinRecordsByHint(hint: Bytes, from: null, to: null, spent: boolean): Records
  getCoinRecordsByNames(names: readonly Bytes[], from: null, to: null, spent: boolean): Records
  getCoinRecordsByParentIds(ids: readonly Bytes[], from: null, to: null, spent: boolean): Records
  getCoinRecordsByPuzzleHashes(hashes: readonly Bytes[], from: null, to: null, spent: boolean): Records
  getPuzzleAndSolution(coin: Bytes, height: number): { readonly coinSolution: SdkCoinSpend | null }
  pushTx(bundle: unknown): { readonly success: boolean; readonly error: string | null }
  farmBlock(blocks: number): readonly SdkBlockRecord[]
  reorgBlocks(depth: number, further: number): readonly SdkBlockRecord[]
  revertBlocks(blocks: number): readonly Bytes[]
}

/** A key pair with a coin of a `SdkSpendSimulator`. */
export type SdkKey = SdkPair & { readonly puzzleHash: Bytes; readonly coin: SdkCoin }
/** A simulator of spends alone, without the calls of a full node. */
export type SdkSpendSimulator = {
  bls(amount: bigint): SdkKey
  spendCoins(spends: readonly SdkCoinSpend[], keys: readonly SdkSecretKey[]): void
}

/**
 * The parts of chia-wallet-sdk (https://github.com/xch-dev/chia-wallet-sdk) that the demo and tests use. It has no types.
 */
export type Sdk = {
  readonly FullNodeSimulator: { withSeed(seed: bigint): SdkSimulator }
  readonly Simulator: new () => SdkSpendSimulator
  readonly Clvm: new () => SdkClvm
  readonly Coin: new (parent: Bytes, puzzleHash: Bytes, amount: bigint) => SdkCoin
  readonly Cat: new (coin: SdkCoin, proof: null, info: SdkCatInfo) => SdkCat
  readonly CatInfo: new (tail: Bytes, hidden: Bytes | null, p2: Bytes) => SdkCatInfo
  readonly CatSpend: {
    new (cat: SdkCat, spend: SdkSpend): SdkCatSpend
    revoke(cat: SdkCat, spend: SdkSpend): SdkCatSpend
  }
  readonly SpendBundle: new (spends: readonly SdkCoinSpend[], signature: SdkSignature) => unknown
  readonly Signature: { aggregate(signatures: readonly SdkSignature[]): SdkSignature }
  readonly BlsPair: { fromSeed(seed: bigint): SdkPair }
  readonly Address: new (puzzleHash: Bytes, prefix: string) => { encode(): string }
  readonly NftMetadata: new (...args: readonly unknown[]) => unknown
  readonly NftMint: new (...args: readonly unknown[]) => SdkNftMint
  readonly Constants: { catPuzzleHash(): Bytes; revocationLayerHash(): Bytes }
  standardPuzzleHash(key: SdkPublicKey): Bytes
  catPuzzleHash(tail: Bytes, inner: Bytes): Bytes
}

/** The npm package with the simulator. It has no other platform. */
export const SIMULATOR_PACKAGE = 'chia-wallet-sdk-linux-x64-gnu'

/** True if this platform has the simulator, and it is installed. */
export function hasSimulator(): boolean {
  try {
    createRequire(import.meta.url).resolve(SIMULATOR_PACKAGE)
    return process.platform === 'linux' && process.arch === 'x64'
  } catch {
    return false
  }
}

/** Loads the simulator into this process. @throws if it is not installed */
export function loadSdk(): Sdk {
  return createRequire(import.meta.url)(SIMULATOR_PACKAGE)
}
