import type { AccountCodec } from '../../../core/account.ts'
import type { AssetRef } from '../../../core/asset.ts'
import type { Header } from '../../../core/block.ts'
import type { Soon } from '../../../core/soon.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import { text } from '../../rows/columns.ts'
import type { StoredChain, StoredRecord } from '../../seam/stored-chain.ts'
import { rowsOf } from '../query.ts'
import { type ReadPages, storedRecords } from './stored-records.ts'

const ASSETS = rowsOf('SELECT standard, reference FROM assets WHERE id > ? ORDER BY id')

/** A snapshot of a chain's tables. `read` runs what reads stored values, and makes its errors those of the store. */
export type ChainSnapshot = {
  readonly codec: AccountCodec
  readonly pages: ReadPages
  readonly read: <T>(parse: () => T) => T
  readonly close: () => Soon<void>
}

/** What is stored of a chain, on any engine. */
export class StoredChainReader implements StoredChain {
  readonly through: Header
  readonly #snapshot: ChainSnapshot

  constructor(through: Header, snapshot: ChainSnapshot) {
    this.through = through
    this.#snapshot = snapshot
  }

  async *assets(after: number): AsyncGenerator<readonly AssetRef[]> {
    const { pages, read } = this.#snapshot
    for await (const rows of pages([ASSETS, after])) {
      yield read(() => rows.map((row) => ({ standard: parseStandard(row[0]), reference: text(row[1]) })))
    }
  }

  async *records(after: number): AsyncGenerator<readonly StoredRecord[]> {
    const { codec, pages, read } = this.#snapshot
    try {
      yield* storedRecords(pages, after, codec)
    } catch (error) {
      read(() => {
        throw error
      })
    }
  }

  close(): Soon<void> {
    return this.#snapshot.close()
  }
}
