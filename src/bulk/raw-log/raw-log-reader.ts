import type { AccountCodec } from '../../core/account.ts'
import type { BlockTransfers } from '../../core/transfer.ts'
import { AssetFile } from './asset-file.ts'
import { type Mark, readMark } from './mark.ts'
import { type RawLogFiles, rawLogFiles } from './raw-log-files.ts'
import { RecordCursor } from './record-cursor.ts'
import { blocksOf } from './unpack.ts'

/** Reads a raw log up to a mark, also while a writer appends behind it. */
export class RawLogReader {
  readonly mark: Mark
  readonly assets: AssetFile
  readonly #files: RawLogFiles

  /** `mark`: the one to read up to. @throws STORE_DAMAGED, STORE_UNAVAILABLE */
  constructor(folder: string, mark: Mark) {
    this.#files = rawLogFiles(folder)
    this.mark = mark
    this.assets = new AssetFile(this.#files.assets, mark)
  }

  /** The records from an offset on: 0, an older mark's `bytes`, or a record's; up to a frame's end. The caller closes it. */
  records(from = 0, to = this.mark.bytes): RecordCursor {
    return new RecordCursor(this.#files.records, { from, to })
  }

  /** The blocks from an offset on, which is 0, an older mark's `bytes`, or that of a block's record, as objects. Slow. */
  *blocks(codec: AccountCodec, from = 0): Generator<BlockTransfers> {
    const cursor = this.records(from)
    try {
      yield* blocksOf(cursor, () => cursor.next(), { assets: this.assets, codec })
    } finally {
      cursor.close()
    }
  }
}

/** Returns a reader up to the log's stored mark; undefined if there is no log of this origin. */
export function openRawLog(folder: string, origin: string): RawLogReader | undefined {
  const mark = readMark(rawLogFiles(folder).mark, origin)
  return mark === undefined ? undefined : new RawLogReader(folder, mark)
}
