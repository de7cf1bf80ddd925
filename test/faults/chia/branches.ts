/** All blocks that a simulated Chia chain ever had, and nodes' views of one branch of them. */
import { assert } from '../../../src/core/assert.ts'
import { type Block, type ChainCoin, hex } from '../../../src/demo/chia/chain.ts'
import type { Bytes, SdkCoin, SdkCoinSpend } from '../../../src/demo/chia/sdk.ts'
import type { NodeChain } from '../../../src/demo/chia/view.ts'
import type { PlainCoin, RecordedBlock } from '../../chia/node/recorder.ts'

/** All blocks by their hashes. */
export class Branches {
  readonly #byHash = new Map<string, RecordedBlock>()
  /** Blocks by number, of all branches. */
  readonly byNumber: RecordedBlock[][] = []

  add(recorded: RecordedBlock): void {
    const { number, hash } = recorded.block
    this.#byHash.set(hex(hash), recorded)
    this.byNumber[number] = [...(this.byNumber[number] ?? []), recorded]
  }

  find(hash: string): RecordedBlock | undefined {
    return this.#byHash.get(hash)
  }

  parentOf({ block }: RecordedBlock): RecordedBlock | undefined {
    return this.#byHash.get(hex(block.parent))
  }
}

type Held = {
  readonly coin: SdkCoin
  readonly coinbase: boolean
  readonly confirmed: number
  spent: number | undefined
}

/** What a node knows of a branch, up to a head that can be moved. */
export class BranchView implements NodeChain {
  readonly #branches: Branches
  readonly #canonical: RecordedBlock[] = []
  readonly #coins = new Map<string, Held>()
  readonly #spends = new Map<string, SdkCoinSpend>()
  readonly #indexes = {
    parents: new Map<string, Set<string>>(),
    'puzzle hashes': new Map<string, Set<string>>(),
    hints: new Map<string, Set<string>>(),
  }

  constructor(branches: Branches) {
    this.#branches = branches
  }

  /** Moves to a head of any branch. */
  show(head: RecordedBlock): void {
    const ahead: RecordedBlock[] = []
    let at: RecordedBlock | undefined = head
    while (at !== undefined && this.#canonical[at.block.number] !== at) {
      ahead.unshift(at)
      at = this.#branches.parentOf(at)
    }
    const kept = at === undefined ? 0 : at.block.number + 1
    for (const lost of this.#canonical.splice(kept).reverse()) this.#undo(lost)
    for (const block of ahead) this.#apply(block)
  }

  get height(): number {
    return this.#canonical.length - 1
  }

  get genesisChallenge(): Bytes {
    const [first] = this.#canonical
    assert(first !== undefined, 'a node shows a block')
    return first.block.parent
  }

  at(number: number): Block | undefined {
    return blockOf(this.#canonical[number])
  }

  find(hash: Bytes): Block | undefined {
    return blockOf(this.#branches.find(hex(hash)))
  }

  spendsOf({ hash }: Block): readonly SdkCoinSpend[] {
    return this.#branches.find(hex(hash))?.spends.map(spendOf) ?? []
  }

  changesOf({ hash }: Block): Record<'additions' | 'removals', readonly ChainCoin[]> {
    const { additions = [], removals = [] } = this.#branches.find(hex(hash)) ?? {}
    return {
      additions: this.#named(additions.map(({ coin }) => coin.id)),
      removals: this.#named(removals),
    }
  }

  coinsBy(what: 'names' | 'parents' | 'puzzle hashes', values: readonly Bytes[]): readonly ChainCoin[] {
    if (what === 'names') return this.#named(values.map(hex))
    return this.#named(values.flatMap((value) => [...(this.#indexes[what].get(hex(value)) ?? [])]))
  }

  coinsByHint(hint: Bytes): readonly ChainCoin[] {
    return this.#named([...(this.#indexes.hints.get(hex(hint)) ?? [])])
  }

  spendOf(coin: Bytes, number: number): SdkCoinSpend | undefined {
    return this.#coins.get(hex(coin))?.spent === number ? this.#spends.get(hex(coin)) : undefined
  }

  #named(ids: readonly string[]): readonly ChainCoin[] {
    return ids.flatMap((id) => this.#coins.get(id) ?? [])
  }

  #apply(recorded: RecordedBlock): void {
    const { block, additions, removals, spends } = recorded
    this.#canonical.push(recorded)
    for (const { coin, coinbase, hint } of additions) {
      this.#coins.set(coin.id, { coin: coinOf(coin), coinbase, confirmed: block.number, spent: undefined })
      for (const [index, key] of this.#keysOf(coin, hint)) index.set(key, (index.get(key) ?? new Set()).add(coin.id))
    }
    for (const id of removals) this.#spend(id, block.number)
    for (const spend of spends) this.#spends.set(spend.coin.id, spendOf(spend))
  }

  #undo({ additions, removals }: RecordedBlock): void {
    for (const id of removals) this.#spend(id, undefined)
    for (const { coin, hint } of additions) {
      this.#coins.delete(coin.id)
      for (const [index, key] of this.#keysOf(coin, hint)) index.get(key)?.delete(coin.id)
    }
  }

  #spend(id: string, spent: number | undefined): void {
    const held = this.#coins.get(id)
    assert(held !== undefined, 'a block removes coins that there are')
    held.spent = spent
  }

  #keysOf({ parentCoinInfo, puzzleHash }: PlainCoin, hint: string | undefined) {
    const { parents, 'puzzle hashes': owners, hints } = this.#indexes
    const own: [Map<string, Set<string>>, string][] = [
      [parents, hex(parentCoinInfo)],
      [owners, hex(puzzleHash)],
    ]
    return hint === undefined ? own : [...own, [hints, hint] as (typeof own)[number]]
  }
}

function blockOf(recorded: RecordedBlock | undefined): Block | undefined {
  return recorded && { ...recorded.block, rewards: [] }
}

function spendOf({ coin, puzzleReveal, solution }: RecordedBlock['spends'][number]): SdkCoinSpend {
  return { coin: coinOf(coin), puzzleReveal, solution }
}

function coinOf({ parentCoinInfo, puzzleHash, amount, id }: PlainCoin): SdkCoin {
  return { parentCoinInfo, puzzleHash, amount, coinId: () => Buffer.from(id, 'hex') }
}
