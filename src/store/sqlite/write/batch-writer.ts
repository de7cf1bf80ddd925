import type { AccountCodec } from '../../../core/account.ts'
import { assert } from '../../../core/assert.ts'
import type { CoverageTest } from '../../../core/coverage.ts'
import { ServiceError } from '../../../core/errors.ts'
import { isFungible } from '../../../core/standards.ts'
import type { Batch, BlockTransfers } from '../../../core/transfer.ts'
import { openingFrom } from '../../../journal/position.ts'
import type { SqliteDatabase } from '../database.ts'
import type { AssetTable } from '../rows/asset-table.ts'
import { headerValues, readOptionalHeader } from '../rows/header-rows.ts'
import { Names } from './batch-names.ts'
import { ChangeWriter } from './change-writer.ts'
import { assetsOf, type BatchAsset, gatherChanges } from './changes.ts'
import { insertBlocks } from './insert-blocks.ts'
import { type JournalStatements, prepareJournal } from './journal-statements.ts'
import type { PairWriter } from './pair-writer.ts'

/** Steps of an append. */
export type AppendStep = 'append:rows' | 'append:clock'

/** Writes batches of blocks and everything that follows from them. Runs inside a transaction of the file's owner. */
export class BatchWriter {
  readonly #deps: BatchWriterDeps
  readonly #changes: ChangeWriter
  readonly #statements: JournalStatements

  constructor(deps: BatchWriterDeps) {
    this.#deps = deps
    this.#changes = new ChangeWriter(deps.db, openingFrom(deps.from))
    this.#statements = prepareJournal(deps.db)
  }

  /**
   * Appends a batch. Returns its number of transfers.
   * @throws BLOCK_CONFLICT it does not link to the last written block
   */
  append(batch: Batch): number {
    const { codec, test, onStep } = this.#deps
    this.#mustFollow(batch)
    const assets = this.#assetsOf(batch.blocks)
    const names = new Names({ assets, encode: codec.encode, keeps: test.keeps })
    gatherChanges(batch.blocks, names)
    const transfers = insertBlocks(this.#statements, batch, names)
    this.#changes.write(names.accounts)
    onStep('append:rows')
    this.#statements.setClock.run(...headerValues(batch.through), transfers)
    onStep('append:clock')
    return transfers
  }

  #mustFollow(batch: Batch): void {
    const row = this.#statements.clock.get()
    assert(row !== undefined, 'the clock row exists once the chain was claimed')
    const written = readOptionalHeader(row)
    const expected = written === undefined ? this.#deps.from : written.number + 1
    assert(batch.first === expected, `a batch from ${batch.first} does not follow block ${expected - 1}`)
    assert(batch.through.number >= batch.first, 'a batch covers at least one block')
    const parent = batch.headers[0]?.parentHash
    if (written !== undefined && parent !== undefined && parent !== written.hash) {
      const fields = { block: batch.first, parent, written: written.hash }
      throw new ServiceError('BLOCK_CONFLICT', `block ${batch.first} does not link to ours`, { fields })
    }
  }

  #assetsOf(blocks: readonly BlockTransfers[]): Map<string, BatchAsset> {
    const { assets: table, onMet, pairs } = this.#deps
    const assets = new Map<string, BatchAsset>()
    for (const [key, { asset, block, transfers, supply }] of assetsOf(blocks)) {
      const stored = table.find(asset) ?? table.add(asset, undefined)
      assets.set(key, { id: stored.id, fungible: isFungible(asset.standard) })
      const isMet = stored.firstBlock !== undefined || this.#statements.firstBlock.get(stored.id) !== null
      this.#statements.countAsset.run(transfers, block, stored.id)
      pairs.addSupply(stored.id, supply)
      if (!isMet) onMet?.(stored.id)
    }
    return assets
  }
}

/** The dependencies of a batch writer. `from`: the first block of coverage. If it is 0, every opening is 0. */
export type BatchWriterDeps = {
  readonly db: SqliteDatabase
  readonly codec: AccountCodec
  readonly assets: AssetTable
  readonly pairs: PairWriter
  readonly test: CoverageTest
  readonly from: number
  readonly onStep: (step: AppendStep) => void
  /** Called when a transfer first shows that this asset exists, before the changes of its transfers are written. */
  readonly onMet?: (asset: number) => void
}
