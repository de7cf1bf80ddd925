import { TEXT_ACCOUNTS } from '../../core/account.ts'
import { assert } from '../../core/assert.ts'
import type { Accounting, AssetRef } from '../../core/asset.ts'
import type { Coverage } from '../../core/coverage.ts'
import { fieldsOf } from '../../core/operation.ts'
import type { Batch, BlockTransfers } from '../../core/transfer.ts'
import type { LedgerBlock } from '../seam/ledger-store.ts'

/** A ledger is complete from its first block, so a missing row means zero. */
export const LEDGER_COVERAGE: Coverage = { scope: { type: 'all' }, from: 0 }

const NO_CLASSES: ReadonlyMap<string, Accounting> = new Map()

/** What a ledger's journal is, on any engine: no token of it has a class of its own. */
export const LEDGER_NATURE = { codec: TEXT_ACCOUNTS, coverage: LEDGER_COVERAGE, fixed: NO_CLASSES }

/** Converts ledger blocks to a batch of a chain: each operation that moves units is one transfer. */
export function batchOf(blocks: readonly LedgerBlock[]): Batch {
  const headers = blocks.map(({ block: { number, hash }, parentHash, timestamp }) => {
    return { number, hash, parentHash, timestamp }
  })
  const [first] = headers
  const through = headers.at(-1)
  assert(first !== undefined && through !== undefined, 'a batch has blocks')
  const assets = new Map<string, AssetRef>()
  return { first: first.number, through, headers, blocks: blocks.map((block) => transfersOf(block, assets)) }
}

/** `assets`: one shared object per asset of the batch; an append looks assets up by object. */
function transfersOf(
  { block: { number, hash }, parentHash, timestamp, operation }: LedgerBlock,
  assets: Map<string, AssetRef>,
): BlockTransfers {
  const { assetId, amount, from, to } = fieldsOf(operation)
  if (assetId === undefined || amount === undefined) return { number, hash, parentHash, timestamp, transfers: [] }
  const asset = assets.get(assetId) ?? { standard: 'ledger', reference: assetId }
  assets.set(assetId, asset)
  const transfer = { event: 0, part: 0, asset, from, to, item: '', amount, transactionHash: hash }
  return { number, hash, parentHash, timestamp, transfers: [transfer] }
}
