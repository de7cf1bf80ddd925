import type { AccountCodec } from '../../core/account.ts'
import type { AssetRef } from '../../core/asset.ts'
import { decodeAmount, decodeItem } from '../../journal/amount-codec.ts'
import { decodeHash } from '../../journal/hash-codec.ts'
import type { StoredTransfer } from '../seam/chain-clock.ts'
import { bytes, int, nullable, type Row } from './columns.ts'

/** The columns that `readTransfer` takes, of `transfers t` and its `blocks b`. */
export const TRANSFER_COLUMNS =
  't.block, t.log, t.sub, t.sender, t.receiver, t.item, t.amount, t.hash, b.hash, b.timestamp'

/** The transfer of a row with TRANSFER_COLUMNS. */
export function readTransfer(
  row: Row,
  { codec, asset }: { readonly codec: AccountCodec; readonly asset: AssetRef },
): StoredTransfer {
  const account = (value: unknown) => nullable(value, (stored) => codec.decode(bytes(stored)))
  return {
    event: int(row[1]),
    part: int(row[2]),
    asset,
    from: account(row[3]),
    to: account(row[4]),
    item: decodeItem(bytes(row[5])),
    amount: decodeAmount(bytes(row[6])),
    transactionHash: decodeHash(bytes(row[7])),
    block: { number: int(row[0]), hash: decodeHash(bytes(row[8])) },
    timestamp: int(row[9]),
  }
}
