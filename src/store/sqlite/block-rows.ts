import { assert } from '../../core/assert.ts'
import type { Batch, BlockTransfers } from '../../core/transfer.ts'
import { encodeAmount, encodeItem } from './amount-codec.ts'
import type { Names } from './batch-names.ts'
import { encodeHash } from './hash-codec.ts'
import { headerValues } from './header-rows.ts'
import type { JournalStatements } from './journal-statements.ts'

/** Writes a batch's blocks and transfers, inside the journal's transaction; returns how many transfers. */
export function insertBlocks(statements: JournalStatements, batch: Batch, names: Names): number {
  const { insertBlock, keepBlock, forgetUnkept } = statements
  if (batch.headers.length === 0) forgetUnkept.run(batch.first - 1)
  for (const header of batch.headers) insertBlock.run(...headerValues(header), 0)
  let transfers = 0
  for (const block of batch.blocks) {
    assert(block.number >= batch.first && block.number <= batch.through.number, 'a block lies in its batch')
    if (block.transfers.length === 0) continue
    keepBlock.run(block.number, encodeHash(block.hash), null, block.timestamp)
    transfers += insertTransfers(statements, block, names)
  }
  insertBlock.run(...headerValues(batch.through), 0)
  return transfers
}

function insertTransfers({ insertTransfer }: JournalStatements, block: BlockTransfers, names: Names): number {
  for (const { logIndex, batchIndex, asset, from, to, item, amount, transactionHash } of block.transfers) {
    insertTransfer.run(
      block.number,
      logIndex,
      batchIndex,
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
