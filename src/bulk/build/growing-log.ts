import { logDamaged } from '../../store/seam/log-damage.ts'
import { AssetDictionary } from '../raw-log/asset-dictionary.ts'
import { type Mark, NO_MARK } from '../raw-log/mark.ts'
import { loadAssets, type RawLogFiles, rawLogFiles } from '../raw-log/raw-log-files.ts'
import { RecordCursor } from '../raw-log/record-cursor.ts'

/** Reads a raw log from its beginning, from mark to mark, while a writer appends behind them. */
export class GrowingLog {
  readonly assets = new AssetDictionary()
  /** The mark up to which it is read. */
  mark: Mark = NO_MARK
  readonly #files: RawLogFiles
  #passed = 0

  constructor(folder: string) {
    this.#files = rawLogFiles(folder)
  }

  /** Goes on to a later mark. @throws STORE_DAMAGED, STORE_UNAVAILABLE */
  advance(mark: Mark): void {
    const { assetBytes } = this.mark
    const hasMore = mark.assetBytes > assetBytes
    if (hasMore && !loadAssets(this.assets, this.#files, { mark, from: assetBytes })) {
      throw logDamaged(`${this.#files.assets} is damaged`)
    }
    this.mark = mark
  }

  /** The records up to the mark that are not passed yet. The caller closes them. */
  records(): RecordCursor {
    return new RecordCursor(this.#files.records, { from: this.#passed, to: this.mark.bytes })
  }

  /** The records up to the mark are done with. */
  pass(): void {
    this.#passed = this.mark.bytes
  }
}
