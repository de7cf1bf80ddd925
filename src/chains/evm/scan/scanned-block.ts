import type { AssetDictionary } from '../../../bulk/raw-log/asset-dictionary.ts'
import { RecordFields } from '../../../bulk/raw-log/record-fields.ts'
import { LENGTH_AT, NOTE } from '../../../bulk/raw-log/record-layout.ts'
import { transferOf } from '../../../bulk/raw-log/unpack.ts'
import { HEX_ACCOUNTS } from '../../../core/account.ts'
import type { Transfer } from '../../../core/transfer.ts'
import type { DecodedBlock } from '../transfers/decode-range.ts'
import type { Note } from '../transfers/notes.ts'

/** The records of one answer, of type TRANSFER or NOTE, in order. */
export type ScannedRecords = { readonly assets: AssetDictionary; readonly buffer: Buffer }

/** A block whose transfers are records. They become objects only where something looks at them. */
export class ScannedBlock implements DecodedBlock {
  readonly number: number
  readonly hash: string
  readonly timestamp: number | undefined
  readonly misnumbered = false
  readonly records: ScannedRecords
  /** The block's records are from here to `to`. */
  readonly from: number
  readonly to: number

  constructor(
    block: Pick<DecodedBlock, 'number' | 'hash' | 'timestamp'>,
    records: ScannedRecords,
    span: { readonly from: number; readonly to: number },
  ) {
    this.number = block.number
    this.hash = block.hash
    this.timestamp = block.timestamp
    this.records = records
    this.from = span.from
    this.to = span.to
  }

  /** The transfers and notes, as `decodeRange` returns them. They are made at each call. */
  get transfers(): readonly Transfer[] {
    return transfersIn(this.records, this)
  }
}

/** Returns a test that is true for a scanned block if its whole answer has no other contracts than these. */
export function hasOnlyTokens(tokens: readonly string[]): (block: DecodedBlock) => boolean {
  const listed = new Set(tokens)
  const known = new Map<ScannedRecords, boolean>()
  return (block) => {
    if (!(block instanceof ScannedBlock)) return false
    const { records } = block
    let isOnly = known.get(records)
    if (isOnly === undefined) {
      isOnly = true
      for (let index = 0; index < records.assets.count; index++) {
        if (!listed.has(records.assets.at(index).reference)) isOnly = false
      }
      known.set(records, isOnly)
    }
    return isOnly
  }
}

/** Returns the transfers and notes of records. */
export function transfersIn(
  { assets, buffer }: ScannedRecords,
  { from, to }: { readonly from: number; readonly to: number },
): Transfer[] {
  const fields = new RecordFields(buffer)
  const out: Transfer[] = []
  for (let at = from; at < to; at += buffer.readUInt16LE(at + LENGTH_AT)) {
    fields.readTransfer(at)
    const transfer = transferOf(fields, { assets, codec: HEX_ACCOUNTS })
    const note: Note = { ...transfer, note: 'moved' }
    out.push(buffer[at] === NOTE ? note : transfer)
  }
  return out
}
