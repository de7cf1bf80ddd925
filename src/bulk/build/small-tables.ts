import type { Header } from '../../core/block.ts'
import { encodeHash } from '../../journal/hash-codec.ts'
import { MAX_SUM_BYTES } from '../../journal/sums.ts'
import type { BulkSink } from '../../store/seam/bulk-sink.ts'
import type { BuiltAssets } from './built-assets.ts'
import type { Spills } from './spills.ts'

/** Accounts that append stores for a contract that no transfer shows to be a token. */
const MAX_OF_UNKNOWN = 1_000

/** What the small tables are written from. */
type Parts = {
  readonly sink: BulkSink
  readonly assets: BuiltAssets
  readonly spills: Spills
  /** The last published block, or -1. */
  readonly published: number
}

/** Writes assets, blocks, hints, and the balances that are out of range. `tail`: headers of the blocks that are not final. */
export function writeSmallTables(parts: Parts, tail: readonly Header[]): void {
  const { sink, assets, spills, published } = parts
  const encoded = Buffer.alloc(MAX_SUM_BYTES)
  for (let id = 1; id <= assets.count; id++) {
    const { standard, reference } = assets.at(id)
    assets.supply.select(id)
    const supply = Buffer.from(encoded.subarray(0, assets.supply.encode(encoded)))
    const first = assets.firstBlock[id] ?? -1
    const counts = [assets.transfers[id] ?? 0, assets.holders[id] ?? 0]
    sink.insert('assets', [id, standard, reference, first < 0 ? null : first, ...counts, supply])
  }
  const parents = new Map(tail.map(({ number, parentHash }) => [number, encodeHash(parentHash)]))
  spills.eachBlock((number, timestamp, hash) => {
    sink.insert('blocks', [number, Buffer.from(hash), parents.get(number) ?? null, timestamp, 1])
  })
  spills.pairs.eachClosed(spills.sorter, (pair) => sink.insert('doubts', [pair.asset, pair.account, pair.item]))
  spills.pairs.eachHint((pair, { block, undecodable, newBlock, newUndecodable }) => {
    const { reference, standard } = assets.at(pair.asset)
    const name = [reference, standard, pair.account, pair.item]
    sink.insert('hints', [...name, block, undecodable ?? null])
    if (block > published || newBlock === undefined) return
    sink.insert('hinted_again', [...name, newBlock, newUndecodable ?? null])
  })
  writeUnmetHints(parts)
}

/** Writes the first hints at each contract that is no token yet. */
function writeUnmetHints({ sink, assets, spills, published }: Parts): void {
  let contract: number | undefined
  let pairs: UnmetPair[] = []
  let last: UnmetPair | undefined
  const write = (): void => {
    if (contract === undefined) return
    const { reference, standard } = assets.named(contract)
    for (const { account, item, block, newBlock } of firstOf(pairs)) {
      sink.insert('hints', [reference, standard, account, item, block, null])
      if (block > published || newBlock === undefined) continue
      sink.insert('hinted_again', [reference, standard, account, item, newBlock, null])
    }
  }
  spills.pairs.eachUnmet(spills.sorter, (pair, block) => {
    if (pair.asset !== contract) {
      write()
      contract = pair.asset
      pairs = []
      last = undefined
    }
    if (last?.account.equals(pair.account) === true && last.item.equals(pair.item)) {
      if (block > published) last.newBlock ??= block
      return
    }
    last = { ...pair, block, newBlock: undefined }
    pairs.push(last)
    if (pairs.length >= 2 * MAX_OF_UNKNOWN) pairs = firstOf(pairs)
  })
  write()
}

/** `newBlock`: the first block behind the published ones that hints at it again. */
type UnmetPair = {
  readonly account: Buffer
  readonly item: Buffer
  readonly block: number
  newBlock: number | undefined
}

function firstOf(pairs: readonly UnmetPair[]): UnmetPair[] {
  return [...pairs].sort((a, b) => a.block - b.block).slice(0, MAX_OF_UNKNOWN)
}
