import type { AccountCodec } from '../../core/account.ts'
import { assert } from '../../core/assert.ts'
import type { BlockTransfers, Hint, Transfer } from '../../core/transfer.ts'
import { decodeAmount, decodeItem } from '../../journal/amount-codec.ts'
import { decodeHash } from '../../journal/hash-codec.ts'
import type { AssetDictionary } from './asset-dictionary.ts'
import type { PackedBlocks } from './packed-blocks.ts'
import { RecordFields } from './record-fields.ts'
import { BLOCK, LENGTH_AT, REASONS, TRANSFER } from './record-layout.ts'

/** What the records refer to: their dictionary, and the chain's codec of accounts. */
export type RecordWords = { readonly assets: Pick<AssetDictionary, 'at'>; readonly codec: AccountCodec }

/** Returns the current record, which is a transfer, as an object. */
export function transferOf(fields: RecordFields, { assets, codec }: RecordWords): Transfer {
  const { event, part, fromAt, fromLength, toAt, toLength } = fields
  return {
    event,
    part,
    asset: assets.at(fields.asset),
    from: fromLength === 0 ? undefined : codec.decode(bytesOf(fields, fromAt, fromLength)),
    to: toLength === 0 ? undefined : codec.decode(bytesOf(fields, toAt, toLength)),
    item: decodeItem(bytesOf(fields, fields.itemAt, fields.itemLength)),
    amount: decodeAmount(bytesOf(fields, fields.amountAt, fields.amountLength)),
    transactionHash: decodeHash(bytesOf(fields, fields.hashAt, fields.hashLength)),
  }
}

/** Returns the current record, which is a hint, as an object. */
export function hintOf(fields: RecordFields, { assets, codec }: RecordWords): Hint {
  const account = codec.decode(bytesOf(fields, fields.accountAt, fields.accountLength))
  const item = decodeItem(bytesOf(fields, fields.itemAt, fields.itemLength))
  const asset = assets.at(fields.asset)
  const reason = REASONS[fields.reason]
  assert(reason !== undefined, 'a hint has a reason')
  return item === '' ? { asset, account, reason } : { asset, account, reason, item }
}

/** Returns a copy of a part of the current record. */
export function bytesOf({ buffer }: RecordFields, at: number, length: number): Buffer {
  return Buffer.from(buffer.subarray(at, at + length))
}

/** The blocks of records as objects. `next` moves `fields` to the next record, and returns false at the end. Slow. */
export function* blocksOf(fields: RecordFields, next: () => boolean, words: RecordWords): Generator<BlockTransfers> {
  let block: OpenBlock | undefined
  while (next()) {
    if (fields.type === BLOCK) {
      if (block !== undefined) yield finished(block)
      block = openBlock(fields)
      continue
    }
    assert(block !== undefined, 'the records begin with a block')
    if (fields.type === TRANSFER) block.transfers.push(transferOf(fields, words))
    else block.hints.push(hintOf(fields, words))
  }
  if (block !== undefined) yield finished(block)
}

/** The blocks of packed records as objects. */
export function unpacked({ buffer, length, assets }: PackedBlocks, codec: AccountCodec): readonly BlockTransfers[] {
  const fields = new RecordFields(buffer)
  let at = 0
  const next = (): boolean => {
    if (at >= length) return false
    fields.read(at)
    at += buffer.readUInt16LE(at + LENGTH_AT)
    return true
  }
  return [...blocksOf(fields, next, { assets, codec })]
}

type OpenBlock = Omit<BlockTransfers, 'transfers' | 'hints'> & { transfers: Transfer[]; hints: Hint[] }

function openBlock(fields: RecordFields): OpenBlock {
  const { number, timestamp, blockHashAt, blockHashLength, blockParentAt, blockParentLength } = fields
  const hash = decodeHash(bytesOf(fields, blockHashAt, blockHashLength))
  const parentHash = blockParentLength === 0 ? undefined : decodeHash(bytesOf(fields, blockParentAt, blockParentLength))
  return { number, hash, parentHash, timestamp, transfers: [], hints: [] }
}

function finished({ hints, ...block }: OpenBlock): BlockTransfers {
  return hints.length === 0 ? block : { ...block, hints }
}
