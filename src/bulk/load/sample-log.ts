import type { AccountCodec } from '../../core/account.ts'
import type { Transfer } from '../../core/transfer.ts'
import { FRAME } from '../raw-log/frames.ts'
import type { RawLogReader } from '../raw-log/raw-log-reader.ts'
import { TRANSFER } from '../raw-log/record-layout.ts'
import { transferOf } from '../raw-log/unpack.ts'

/** Transfers of a sample at most. */
const SAMPLES = 64

/** Some transfers of a log: the first one of frames chosen at random. `random`: as `Math.random`. */
export function sampleLog(
  reader: RawLogReader,
  codec: AccountCodec,
  random: () => number,
): { readonly block: number; readonly transfer: Transfer }[] {
  const frames = reader.mark.bytes / FRAME
  const words = { assets: reader.assets, codec }
  return Array.from({ length: Math.min(SAMPLES, frames) }, () => Math.floor(random() * frames)).flatMap((frame) => {
    const cursor = reader.records(frame * FRAME)
    try {
      while (cursor.next()) {
        if (cursor.type === TRANSFER) return [{ block: cursor.number, transfer: transferOf(cursor, words) }]
      }
      return []
    } finally {
      cursor.close()
    }
  })
}
