import { assert } from '../../core/assert.ts'
import type { Bytes, Sdk, SdkClvm, SdkCoin, SdkCoinRecord, SdkCoinSpend, SdkSecretKey, SdkSimulator } from './sdk.ts'

/** A block of the chain. `timestamp` is in Unix seconds; also blocks without transactions have one here. */
export type Block = {
  readonly number: number
  readonly hash: Bytes
  readonly parent: Bytes
  readonly timestamp: number
  readonly hasTransactions: boolean
  /** The newest block below that has transactions. */
  readonly transactionsBelow: number
  readonly rewards: readonly SdkCoin[]
}

/** A coin, with the number of the block that created it, and of the one that spent it. */
export type ChainCoin = {
  readonly coin: SdkCoin
  readonly coinbase: boolean
  readonly confirmed: number
  readonly spent: number | undefined
}

/** What is remembered of a block by its hash, since the simulator has another idea of it. */
type Note = { readonly timestamp: number; readonly hasTransactions: boolean; readonly transactionsBelow: number }

/** The simulator's height of the chain's first block, whose height is 0: below it is the block of the prefarm. */
const FIRST = 2
/** Where the key of the prefarm is below the simulator's own key. */
const PREFARM_PATH = [12381, 8444, 2, 1]
/** More than a block may cost. */
const MAX_COST = 11_000_000_000n
/** One coin of the prefarm has more than this, 18,375,000 XCH in mojos; the other one is for pools. */
const MOST_OF_PREFARM = 10n ** 19n
/** Receives what farmers earn, so that no account of a test does. */
const FARMER = Buffer.alloc(32, 0xfa)
/** The simulated chain: the simulator with heights from 0, with times of our own, and with blocks without transactions. */
export class ChiaChain {
  readonly sdk: Sdk
  readonly #seed: bigint
  readonly #simulator: SdkSimulator
  readonly #notes: Map<string, Note>
  /** What changed the simulator so far. */
  readonly #calls: ((simulator: SdkSimulator) => void)[] = []

  private constructor(sdk: Sdk, state: { seed: bigint; simulator: SdkSimulator; notes: Map<string, Note> }) {
    this.sdk = sdk
    this.#seed = state.seed
    this.#simulator = state.simulator
    this.#notes = state.notes
  }

  /** Starts a chain with its first block, in which `funds` of up to 21 million XCH are given out. The same seed makes the same chain. */
  static start(
    sdk: Sdk,
    {
      seed,
      timestamp,
      funds,
    }: {
      readonly seed: bigint
      readonly timestamp: number
      readonly funds: readonly (readonly [puzzleHash: Bytes, amount: bigint])[]
    },
  ): ChiaChain {
    const simulator = sdk.FullNodeSimulator.withSeed(seed)
    const key = simulator.getMasterSecretKey().deriveHardenedPath(PREFARM_PATH).deriveSynthetic()
    const clvm = new sdk.Clvm()
    for (const coin of prefarmOf(simulator)) {
      // The first coin pays all, the second one adds what it has to that.
      const paid = coin.amount > MOST_OF_PREFARM ? funds : []
      const conditions = paid.map(([puzzleHash, amount]) => clvm.createCoin(puzzleHash, amount))
      clvm.spendStandardCoin(coin, key.publicKey(), clvm.delegatedSpend(conditions))
    }
    const chain = new ChiaChain(sdk, { seed, simulator, notes: new Map() })
    chain.#do((one) => one.setFarmingPh(FARMER))
    chain.#farm(clvm.coinSpends(), [key])
    chain.#note({ timestamp, hasTransactions: true, transactionsBelow: 0 })
    return chain
  }

  /** A copy that stays as this chain is now: the same calls in the same order make the same blocks. */
  copy(): ChiaChain {
    const simulator = this.sdk.FullNodeSimulator.withSeed(this.#seed)
    for (const call of this.#calls) call(simulator)
    return new ChiaChain(this.sdk, { seed: this.#seed, simulator, notes: new Map(this.#notes) })
  }

  get head(): Block {
    const head = this.at(this.height)
    assert(head !== undefined, 'a chain has a head')
    return head
  }

  get height(): number {
    return this.#simulator.height() - FIRST
  }

  get genesisChallenge(): Bytes {
    return this.#simulator.getNetworkInfo().genesisChallenge
  }

  /** The canonical block with a number. */
  at(number: number): Block | undefined {
    const hash = number > this.height ? null : this.#simulator.headerHashOf(number + FIRST)
    return hash === null ? undefined : this.find(hash)
  }

  /** The block with a hash, also one that was replaced. */
  find(hash: Bytes): Block | undefined {
    const record = this.#simulator.getBlockRecord(hash).blockRecord
    const note = this.#notes.get(hex(hash))
    if (record === null || note === undefined) return undefined
    const number = record.height - FIRST
    const parent = number === 0 ? this.genesisChallenge : record.prevHash
    return { number, hash, parent, rewards: record.rewardClaimsIncorporated ?? [], ...note }
  }

  /** Adds a block with the spends of an allocator. No spends: a block without transactions. */
  grow(timestamp: number, spends?: { readonly clvm: SdkClvm; readonly keys: readonly SdkSecretKey[] }): void {
    const { head } = this
    const coinSpends = spends?.clvm.coinSpends() ?? []
    this.#farm(coinSpends, spends?.keys ?? [])
    const transactionsBelow = head.hasTransactions ? head.number : head.transactionsBelow
    this.#note({ timestamp, hasTransactions: coinSpends.length > 0, transactionsBelow })
  }

  /** Takes the newest blocks off the chain. Their spends are forgotten. */
  revert(depth: number): void {
    assert(depth < this.height, 'the first block stays')
    // Blocks that are taken off leave their spends to the next block. Empty blocks in their place do not.
    this.#do((simulator) => simulator.reorgBlocks(depth, 0))
    this.#do((simulator) => simulator.revertBlocks(depth))
  }

  /** The spends of a block. Those that gave out the prefarm are not shown. */
  spendsOf({ number, hash, hasTransactions }: Block): readonly SdkCoinSpend[] {
    return hasTransactions && number > 0 ? (this.#simulator.getBlockSpends(hash).blockSpends ?? []) : []
  }

  changesOf({ hash, hasTransactions }: Block): Record<'additions' | 'removals', readonly ChainCoin[]> {
    const { additions, removals } = this.#simulator.getAdditionsAndRemovals(hash)
    if (!hasTransactions) return { additions: [], removals: [] }
    return { additions: (additions ?? []).map(coinOn), removals: (removals ?? []).map(coinOn) }
  }

  /** All coins by one of these, spent ones too. */
  coinsBy(what: 'names' | 'parents' | 'puzzle hashes', values: readonly Bytes[]): readonly ChainCoin[] {
    const ask = {
      names: () => this.#simulator.getCoinRecordsByNames(values, null, null, true),
      parents: () => this.#simulator.getCoinRecordsByParentIds(values, null, null, true),
      'puzzle hashes': () => this.#simulator.getCoinRecordsByPuzzleHashes(values, null, null, true),
    }
    return (ask[what]().coinRecords ?? []).map(coinOn)
  }

  coinsByHint(hint: Bytes): readonly ChainCoin[] {
    return (this.#simulator.getCoinRecordsByHint(hint, null, null, true).coinRecords ?? []).map(coinOn)
  }

  /** The spend of a coin, by the block that spent it. */
  spendOf(coin: Bytes, number: number): SdkCoinSpend | undefined {
    return this.#simulator.getPuzzleAndSolution(coin, number + FIRST).coinSolution ?? undefined
  }

  #farm(spends: readonly SdkCoinSpend[], keys: readonly SdkSecretKey[]): void {
    if (spends.length > 0) {
      const bundle = new this.sdk.SpendBundle(spends, this.#sign(spends, keys))
      this.#do((simulator) => {
        const { success, error } = simulator.pushTx(bundle)
        assert(success, `the simulator takes the spends: ${error}`)
      })
    }
    this.#do((simulator) => simulator.farmBlock(1))
  }

  #do(call: (simulator: SdkSimulator) => void): void {
    call(this.#simulator)
    this.#calls.push(call)
  }

  #note(note: Note): void {
    this.#notes.set(hex(this.#simulator.headerHash()), note)
  }

  #sign(spends: readonly SdkCoinSpend[], keys: readonly SdkSecretKey[]) {
    const { Clvm, Signature } = this.sdk
    const network = this.#simulator.getAggsigAdditionalData()
    const byKey = new Map(keys.map((key) => [hex(key.publicKey().toBytes()), key]))
    const signatures = spends.flatMap(({ coin, puzzleReveal, solution }) => {
      const clvm = new Clvm()
      const { value } = clvm.deserialize(puzzleReveal).run(clvm.deserialize(solution), MAX_COST, true)
      return value.toList().flatMap((condition) => {
        const asked = condition.parseAggSigMe()
        if (asked === null) return []
        const key = byKey.get(hex(asked.publicKey.toBytes()))
        assert(key !== undefined, 'the key of a spend is known')
        return [key.sign(Buffer.concat([asked.message, coin.coinId(), network]))]
      })
    })
    return Signature.aggregate(signatures)
  }
}

/** A coin as the simulator keeps it, with the numbers of its blocks on the chain. */
function coinOn({ coin, coinbase, confirmedBlockIndex, spentBlockIndex }: SdkCoinRecord): ChainCoin {
  const spent = spentBlockIndex === 0 ? undefined : spentBlockIndex - FIRST
  return { coin, coinbase, confirmed: confirmedBlockIndex - FIRST, spent }
}

/** The coins that the simulator begins with. */
function prefarmOf(simulator: SdkSimulator) {
  const records = simulator.getCoinRecordsByPuzzleHashes([simulator.getPrefarmPuzzleHash()], null, null, true)
  return (records.coinRecords ?? []).map(({ coin }) => coin)
}

/** Hex digits, without 0x. */
export function hex(bytes: Bytes): string {
  return Buffer.from(bytes).toString('hex')
}
