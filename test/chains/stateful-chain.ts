import type { BalanceRead, BalanceReads, ChainAdapter, TokenReads } from '../../src/chains/adapter.ts'
import { assert } from '../../src/core/assert.ts'
import { type AssetRef, assetKey } from '../../src/core/asset.ts'
import type { BalanceKey, UnknownReason } from '../../src/core/balance.ts'
import type { BlockRef, Header } from '../../src/core/block.ts'
import { ServiceError } from '../../src/core/errors.ts'
import type { BlockTransfers, Transfer } from '../../src/core/transfer.ts'
import { type Movement, makeBlock } from '../store/chains.ts'
import { sidesOf } from '../store/model.ts'
import { hash, isTold, MockChain } from './mock-chain.ts'

/** How logs are asked for: by a range of blocks, or block by block. */
type Way = 'range' | 'hash'

/** A balance read with the true amount, as `lie` gets it. */
type Asked = {
  readonly key: BalanceKey
  readonly at: BlockRef
  readonly ask: string | undefined
  readonly amount: bigint
}

/**
 * A mock chain with balances that can be read at any block: the sum of its transfers, plus changes without logs
 * (`silently`). A node may leave logs out of its answers (`hide`) while the receipts have them.
 */
export class StatefulChain extends MockChain {
  readonly #silent = new Map<string, readonly Transfer[]>()
  /** Selects further logs that the node always leaves out. `way` is how they are asked for. */
  omits: (log: { readonly block: number; readonly transfer: Transfer; readonly way: Way }) => boolean = () => false
  /** True for a contract that does not exist at the end of a block. */
  isAbsent: (asset: AssetRef, block: number) => boolean = () => false
  /** False if the node keeps no receipts. */
  hasReceipts = true
  readonly #hidden = new Map<string, { logs: ReadonlySet<number>; inRanges: boolean }>()
  /** Unreadable tokens: they answer no read. */
  readonly mute = new Set<string>()
  /** Tokens that make a whole request time out. */
  readonly poison = new Set<string>()
  /** Why the node refuses a request with this `ask`, or undefined if it answers. */
  refuses: (ask: string | undefined) => UnknownReason | undefined = () => undefined
  /** For how many blocks below the newest the node keeps the state. */
  stateBlocks = Number.POSITIVE_INFINITY
  /** The amount that the node reports instead of the true one. */
  lie: (asked: Asked) => bigint = ({ amount }) => amount
  /** The supply that the node reports instead of the true one. */
  supplyLie: (ask: string | undefined, supply: bigint) => bigint = (_, supply) => supply
  /** The number of balances read so far. */
  reads = 0

  /** Changes balances in a block without logs. */
  silently(name: string, movements: readonly Movement[]): this {
    const header = { number: 0, hash: hash(name), parentHash: '', timestamp: 0 }
    this.#silent.set(header.hash, makeBlock(movements, header).transfers)
    return this
  }

  /** Leaves logs of a block out of the node's answers. With `inRanges` false only out of answers by block hash. */
  hide(name: string, logs: readonly number[], inRanges = true): this {
    this.#hidden.set(hash(name), { logs: new Set(logs), inRanges })
    return this
  }

  override async transfers(range: Parameters<ChainAdapter['transfers']>[0]): Promise<readonly BlockTransfers[]> {
    const blocks = (await super.transfers(range)).map((block) => this.#shown(block, 'range'))
    return blocks.filter(isTold)
  }

  override async transfersOf(asked: Parameters<ChainAdapter['transfersOf']>[0]): Promise<readonly BlockTransfers[]> {
    if (asked.source === 'receipts' && !this.hasReceipts) {
      throw new ServiceError('NODE_NO_RECEIPTS', 'pruned')
    }
    const blocks = await super.transfersOf(asked)
    return asked.source === 'receipts' ? blocks : blocks.map((block) => this.#shown(block, 'hash'))
  }

  override async readBalances(request: Parameters<ChainAdapter['readBalances']>[0]): Promise<BalanceReads> {
    this.fault('readBalances')
    this.#survive(request.keys.map(({ asset }) => asset))
    const block = this.#at(request.at)
    this.reads += request.keys.length
    const forgotten = this.#newest().number - block.number > this.stateBlocks
    const refused = this.refuses(request.ask)
    const reads = request.keys.map((key): BalanceRead => {
      if (refused !== undefined) return { ok: false, reason: refused }
      if (forgotten) return { ok: false, reason: 'no_archive' }
      if (this.isAbsent(key.asset, block.number)) return { ok: false, reason: 'not_a_token' }
      if (this.mute.has(assetKey(key.asset))) return { ok: false, reason: 'token_does_not_answer' }
      const amount = this.balanceOf(key, block)
      return { ok: true, amount: this.lie({ key, at: block, ask: request.ask, amount }) }
    })
    return { block, observedAt: 1, reads }
  }

  override async readTokens(...request: Parameters<ChainAdapter['readTokens']>): Promise<TokenReads> {
    this.fault('readTokens')
    const [assets, , how] = request
    this.#survive(assets)
    if (this.refuses(how?.ask) !== undefined) throw new ServiceError('NODE_NO_STATE', 'no state')
    const block = this.#at(how?.at ?? 'latest')
    if (this.#newest().number - block.number > this.stateBlocks) throw new ServiceError('NODE_NO_STATE', 'no state')
    const facts = assets.map((asset) => ({
      asset,
      name: undefined,
      symbol: undefined,
      decimals: 0,
      totalSupply: this.mute.has(assetKey(asset)) ? undefined : this.supplyLie(how?.ask, this.#supplyOf(asset, block)),
    }))
    return { block, facts }
  }

  /** An account's true balance at the end of a block. */
  balanceOf({ account, asset, item }: BalanceKey, at: BlockRef): bigint {
    let amount = 0n
    for (const transfer of this.#moved(at)) {
      if (assetKey(transfer.asset) !== assetKey(asset) || (item !== '' && transfer.item !== item)) continue
      for (const [who, delta] of sidesOf(transfer)) if (who === account) amount += delta
    }
    return amount
  }

  #survive(assets: readonly AssetRef[]): void {
    if (assets.some((asset) => this.poison.has(assetKey(asset)))) throw new ServiceError('NODE_TIMEOUT', 'hangs')
  }

  #supplyOf(asset: AssetRef, at: BlockRef): bigint {
    let supply = 0n
    for (const { asset: moved, from, to, amount } of this.#moved(at)) {
      if (assetKey(moved) !== assetKey(asset)) continue
      if (from === undefined) supply += amount
      if (to === undefined) supply -= amount
    }
    return supply
  }

  #moved(at: BlockRef): Transfer[] {
    return this.branch(at.hash).flatMap((block) => [...block.transfers, ...(this.#silent.get(block.hash) ?? [])])
  }

  #shown(block: BlockTransfers, way: Way): BlockTransfers {
    const hidden = this.#hidden.get(block.hash)
    const logs = hidden === undefined || (way === 'range' && !hidden.inRanges) ? undefined : hidden.logs
    const transfers = block.transfers.filter(
      (transfer) => logs?.has(transfer.event) !== true && !this.omits({ block: block.number, transfer, way }),
    )
    return { ...block, transfers }
  }

  #at(at: BlockRef | 'latest'): BlockRef {
    if (at === 'latest') return this.#newest()
    const found = this.canonical().find((block) => block.hash === at.hash)
    if (found === undefined) throw new ServiceError('NODE_BEHIND', 'the block is not canonical')
    return { number: found.number, hash: found.hash }
  }

  #newest(): Header {
    const newest = this.canonical().at(-1)
    assert(newest !== undefined, 'a shown chain has a head')
    return newest
  }
}
