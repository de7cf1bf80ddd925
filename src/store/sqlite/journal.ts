import type { AccountCodec } from '../../core/account.ts'
import { assert } from '../../core/assert.ts'
import { isFungible } from '../../core/asset.ts'
import { type BlockRef, sameBlock } from '../../core/block.ts'
import type { ChainId } from '../../core/chain.ts'
import { type Coverage, type CoverageTest, coverageTest } from '../../core/coverage.ts'
import { ServiceError } from '../../core/errors.ts'
import type { Batch, BlockTransfers } from '../../core/transfer.ts'
import type { Appended, Heartbeat, Journal, JournalState } from '../store.ts'
import { encodeAmount, encodeItem } from './amount-codec.ts'
import { AssetTable } from './asset-table.ts'
import { Names } from './batch-names.ts'
import { ChangeWriter } from './change-writer.ts'
import { assetsOf, type BatchAsset, gatherChanges } from './changes.ts'
import { guarded, int, type Row, type SqliteDatabase } from './database.ts'
import { encodeHash } from './hash-codec.ts'
import { headerValues, readHeader, readOptionalHeader, readOptionalRef } from './header-rows.ts'
import { type JournalStatements, prepareJournal } from './journal-statements.ts'
import type { Lease } from './lease.ts'
import { RollbackWriter } from './rollback-writer.ts'

/** Places in a write where a test ends the process, to prove that nothing is lost or doubled there. */
export const JOURNAL_STEPS = ['append:rows', 'append:clock', 'append:done', 'rollback:rows', 'rollback:done'] as const
export type JournalStep = (typeof JOURNAL_STEPS)[number]

export type JournalOptions = {
  readonly db: SqliteDatabase
  readonly chain: ChainId
  readonly codec: AccountCodec
  readonly coverage: Coverage
  readonly lease: Lease
  readonly onStep?: (step: JournalStep) => void
}

/** The writer of one chain's file. On SQLite rows, `written` and `published` move in one transaction: they are one. */
export class SqliteJournal implements Journal {
  readonly #options: JournalOptions
  readonly #db: SqliteDatabase
  readonly #assets: AssetTable
  readonly #test: CoverageTest
  readonly #changes: ChangeWriter
  readonly #rollback: RollbackWriter
  readonly #statements: JournalStatements
  readonly #fence: number

  constructor(options: JournalOptions) {
    this.#options = options
    this.#db = options.db
    this.#fence = guarded(() => claim(options))
    this.#assets = new AssetTable(options.db)
    this.#test = coverageTest(options.coverage)
    const opening = options.coverage.from === 0 ? 0n : undefined
    this.#changes = new ChangeWriter(options.db, opening)
    this.#rollback = new RollbackWriter(options.db, {
      assets: this.#assets,
      codec: options.codec,
      keeps: this.#test.keeps,
    })
    this.#statements = prepareJournal(options.db)
  }

  async state(): Promise<JournalState> {
    return this.#transaction(() => {
      const row = this.#clockRow()
      const written = readOptionalHeader(row)
      const finalized = readOptionalRef(row[4], row[5])
      const headers = this.#statements.headersFrom.all(finalized?.number ?? 0).map((entry) => readHeader(entry as Row))
      return { written, published: written, finalized, headers }
    })
  }

  async append(batch: Batch): Promise<Appended> {
    const appended = this.#transaction(() => {
      this.#mustFollow(batch)
      const assets = this.#assetsOf(batch.blocks)
      const names = new Names({ assets, encode: this.#options.codec.encode, keeps: this.#test.keeps })
      gatherChanges(batch.blocks, names)
      const transfers = this.#insertBlocks(batch, names)
      this.#changes.write(names.accounts)
      this.#step('append:rows')
      this.#statements.setClock.run(...headerValues(batch.through), transfers)
      this.#step('append:clock')
      return { transfers }
    })
    this.#step('append:done')
    return appended
  }

  async rollback(ancestor: BlockRef): Promise<{ readonly transfers: number }> {
    const undone = this.#transaction(() => {
      const row = this.#statements.headerAt.get(ancestor.number) as Row | undefined
      assert(row !== undefined, 'the ancestor of a rollback is a block that we hold')
      const header = readHeader(row)
      assert(sameBlock(header, ancestor), 'the ancestor of a rollback is our own block')
      const transfers = this.#rollback.undo(ancestor.number)
      this.#step('rollback:rows')
      this.#statements.setClock.run(...headerValues(header), -transfers)
      return { transfers }
    })
    this.#step('rollback:done')
    return undone
  }

  async finalize(block: BlockRef): Promise<void> {
    this.#transaction(() => {
      const before = readOptionalRef(this.#clockRow()[4], this.#clockRow()[5])
      if (before !== undefined && before.number >= block.number) return
      this.#statements.setFinalized.run(block.number, encodeHash(block.hash))
      this.#statements.forgetLinks.run(before?.number ?? 0, block.number)
    })
  }

  async heartbeat(beat: Heartbeat): Promise<void> {
    this.#transaction(() => {
      const head = beat.head === undefined ? [null, null, null, null] : headerValues(beat.head)
      const now = Math.floor(Date.now() / 1000)
      const counts = JSON.stringify(beat.counts)
      this.#statements.beat.run(beat.state, ...head, beat.caughtUpAt ?? null, beat.error ?? null, counts, now)
    })
  }

  async close(): Promise<void> {
    guarded(() => {
      this.#db.pragma('wal_checkpoint(TRUNCATE)')
      this.#db.close()
    })
    this.#options.lease.release()
  }

  #step(step: JournalStep): void {
    this.#options.onStep?.(step)
  }

  /** Runs work in one transaction that begins by proving that this writer is still the chain's. */
  #transaction<T>(work: () => T): T {
    const { chain } = this.#options
    const run = this.#db.transaction(() => {
      const fence = int(this.#statements.fence.get())
      if (fence !== this.#fence) throw new ServiceError('LEASE_LOST', `another process took over ${chain}`)
      return work()
    })
    try {
      return guarded(() => run.immediate())
    } catch (error) {
      this.#assets.forget()
      throw error
    }
  }

  #clockRow(): Row {
    const row = this.#statements.clock.get() as Row | undefined
    assert(row !== undefined, 'the clock row is there from the first claim on')
    return row
  }

  #mustFollow(batch: Batch): void {
    const written = readOptionalHeader(this.#clockRow())
    const expected = written === undefined ? this.#options.coverage.from : written.number + 1
    assert(batch.first === expected, `a batch from ${batch.first} does not follow block ${expected - 1}`)
    assert(batch.through.number >= batch.first, 'a batch covers at least one block')
    const parent = batch.headers[0]?.parentHash
    if (written !== undefined && parent !== undefined && parent !== written.hash) {
      const fields = { block: batch.first, parent, written: written.hash }
      throw new ServiceError('BLOCK_CONFLICT', `block ${batch.first} does not link to ours`, { fields })
    }
  }

  #assetsOf(blocks: readonly BlockTransfers[]): Map<string, BatchAsset> {
    const assets = new Map<string, BatchAsset>()
    for (const [key, { asset, block, transfers }] of assetsOf(blocks)) {
      const stored = this.#assets.find(asset) ?? this.#assets.add(asset, block)
      assets.set(key, { id: stored.id, fungible: isFungible(asset.standard) })
      this.#statements.countAsset.run(transfers, block, stored.id)
    }
    return assets
  }

  #insertBlocks(batch: Batch, names: Names): number {
    const { insertBlock, keepBlock, forgetUnkept } = this.#statements
    if (batch.headers.length === 0) forgetUnkept.run(batch.first - 1)
    for (const header of batch.headers) insertBlock.run(...headerValues(header), 0)
    let transfers = 0
    for (const block of batch.blocks) {
      assert(block.number >= batch.first && block.number <= batch.through.number, 'a block lies in its batch')
      if (block.transfers.length === 0) continue
      keepBlock.run(block.number, encodeHash(block.hash), null, block.timestamp)
      transfers += this.#insertTransfers(block, names)
    }
    insertBlock.run(...headerValues(batch.through), 0)
    return transfers
  }

  #insertTransfers(block: BlockTransfers, names: Names): number {
    const { insertTransfer } = this.#statements
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
}

/** Makes this writer the chain's: checks whose file it is, and takes the next fencing number. */
function claim({ db, chain, coverage }: JournalOptions): number {
  const run = db.transaction(() => {
    db.prepare('INSERT OR IGNORE INTO chain VALUES (1, ?, NULL, 0)').run(chain)
    db.prepare('INSERT OR IGNORE INTO clock (one, transfers) VALUES (1, 0)').run()
    const stored = db.prepare<unknown[]>('SELECT coverage FROM chain').pluck().get()
    const text = JSON.stringify(coverage)
    if (stored !== null && stored !== text) {
      const message = `${chain} was indexed as ${String(stored)} and is now configured as ${text}: delete its files in the store folder to index it again, or restore the configuration`
      throw new ServiceError('STORE_MISMATCH', message, { fields: { chain } })
    }
    db.prepare('UPDATE chain SET coverage = ?, fence = fence + 1').run(text)
    return int(db.prepare<unknown[]>('SELECT fence FROM chain').pluck().get())
  })
  return run.immediate()
}
