/** Takes down what blocks of the simulator changed, as plain values that another process can serve. */
import { type Block, type ChiaChain, hex } from '../../../src/demo/chia/chain.ts'
import type { Bytes, SdkCoin, SdkCoinSpend } from '../../../src/demo/chia/sdk.ts'
import { type Holding, holdingsAt, type Token, xchAt } from './truth.ts'

/** A coin with its name in hex. */
export type PlainCoin = Pick<SdkCoin, 'parentCoinInfo' | 'puzzleHash' | 'amount'> & { readonly id: string }

/** A coin that a block added. `hint`: 32 bytes in hex. */
export type Added = { readonly coin: PlainCoin; readonly coinbase: boolean; readonly hint: string | undefined }

/** A block, what it changed, and what is true after it. Removals are names in hex. */
export type RecordedBlock = {
  readonly block: Omit<Block, 'rewards'>
  readonly spends: readonly { readonly coin: PlainCoin; readonly puzzleReveal: Bytes; readonly solution: Bytes }[]
  readonly additions: readonly Added[]
  readonly removals: readonly string[]
  readonly holdings: readonly Holding[]
  /** Mojos of XCH by owner. */
  readonly xch: ReadonlyMap<string, bigint>
}

/** For whom the truth is taken down. */
export type RecordingOf = { readonly owners: readonly string[]; readonly tokens: readonly Token[] }

const MAX_COST = 11_000_000_000n

/** Takes down the blocks of a chain. */
export class Recorder {
  readonly #chain: ChiaChain

  constructor(chain: ChiaChain) {
    this.#chain = chain
  }

  from(number: number, asked: RecordingOf): readonly RecordedBlock[] {
    const recorded: RecordedBlock[] = []
    for (let at = number; at <= this.#chain.height; at++) {
      const block = this.#chain.at(at)
      if (block !== undefined) recorded.push(this.#recorded(block, asked))
    }
    return recorded
  }

  #recorded({ rewards: _, ...block }: Block, { owners, tokens }: RecordingOf): RecordedBlock {
    const spends = this.#chain.spendsOf({ ...block, rewards: [] })
    const hints = new Map(spends.flatMap((spend) => this.#hintsOf(spend)))
    const { additions, removals } = this.#chain.changesOf({ ...block, rewards: [] })
    return {
      block,
      spends: spends.map(({ coin, puzzleReveal, solution }) => ({ coin: plain(coin), puzzleReveal, solution })),
      additions: additions.map(({ coin, coinbase }) => {
        const one = plain(coin)
        return { coin: one, coinbase, hint: hints.get(one.id) }
      }),
      removals: removals.flatMap(({ coin, confirmed }) => (confirmed < 0 ? [] : [plain(coin).id])),
      holdings: holdingsAt(this.#chain, { owners, tokens, block: block.number }),
      xch: new Map(owners.map((owner) => [owner, xchAt(this.#chain, owner, block.number)])),
    }
  }

  /** The hints of the coins that a spend creates: first memos of 32 bytes. */
  #hintsOf({ coin, puzzleReveal, solution }: SdkCoinSpend): readonly (readonly [id: string, hint: string])[] {
    const { Clvm, Coin } = this.#chain.sdk
    const clvm = new Clvm()
    const { value } = clvm.deserialize(puzzleReveal).run(clvm.deserialize(solution), MAX_COST, true)
    return value.toList().flatMap((condition) => {
      const created = condition.parseCreateCoin()
      const memo = created?.memos?.isPair() === true ? created.memos.first().toAtom() : null
      if (created === null || memo?.length !== 32) return []
      return [[hex(new Coin(coin.coinId(), created.puzzleHash, created.amount).coinId()), hex(memo)] as const]
    })
  }
}

function plain(coin: SdkCoin): PlainCoin {
  const { parentCoinInfo, puzzleHash, amount } = coin
  return { parentCoinInfo, puzzleHash, amount, id: hex(coin.coinId()) }
}
