import { assert } from '../../../core/assert.ts'
import type { Batch, BlockTransfers } from '../../../core/transfer.ts'
import { encodeAmount, encodeItem } from '../../../journal/amount-codec.ts'
import { encodeHash } from '../../../journal/hash-codec.ts'
import { headerValues } from '../rows/header-rows.ts'
import type { Names } from './batch-names.ts'
import type { JournalStatements } from './journal-statements.ts'

/** Writes a batch's blocks and transfers. Returns the number of transfers. Runs inside the journal's transaction. */
export function insertBlocks(statements: JournalStatements, batch: Batch, names: Names): number {
  const { insertBlock, keepBlock, forgetUnkept } = statements
  if (batch.headers.length === 0) forgetUnkept.run(batch.first - 1)
  const kept = new Set(batch.blocks.filter((block) => block.transfers.length > 0).map((block) => block.number))
  for (const header of batch.headers) insertBlock.run(...headerValues(header), kept.has(header.number) ? 1 : 0)
  const inserted = new Set(batch.headers.map((header) => header.number))
  let transfers = 0
  for (const block of batch.blocks) {
    assert(block.number >= batch.first && block.number <= batch.through.number, 'a block lies in its batch')
    if (block.transfers.length === 0) continue
    if (!inserted.has(block.number)) keepBlock.run(block.number, encodeHash(block.hash), null, block.timestamp)
    transfers += insertTransfers(statements, block, names)
  }
  if (!inserted.has(batch.through.number)) insertBlock.run(...headerValues(batch.through), 0)
  return transfers
}

function insertTransfers({ insertTransfer }: JournalStatements, block: BlockTransfers, names: Names): number {
  for (const { event, part, asset, from, to, item, amount, transactionHash } of block.transfers) {
    insertTransfer.run(
      block.number,
      event,
      part,
      names.asset(asset).id,
      from === undefined ? null : names.account(from).bytes,
      to === undefined ? null : names.account(to).bytes,
      encodeItem(item),
      encodeAmount(amount),
      encodeHash(transactionHash),
    )
  }
  return block.transfers.length
}
