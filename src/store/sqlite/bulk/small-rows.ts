import type { AccountCodec } from '../../../core/account.ts'
import type { ChainId } from '../../../core/chain.ts'
import type { Coverage } from '../../../core/coverage.ts'
import { reclassifyAt } from '../../../journal/rules/reclassify.ts'
import type { FixedClasses } from '../../queries/asset-table.ts'
import { headerValues } from '../../rows/header-rows.ts'
import type { BulkEnd, SmallTable } from '../../seam/bulk-sink.ts'
import type { SqliteDatabase, Statement } from '../database.ts'
import { bindToChain } from '../write/bind-chain.ts'
import { JournalFile } from '../write/journal-file.ts'

const SET_CLOCK = `UPDATE clock SET number = ?, hash = ?, parent = ?, timestamp = ?, transfers = ?, finalized_number = ?,
  finalized_hash = ?`

/** Whose file a build writes. */
export type BuiltChain = {
  readonly chain: ChainId
  readonly codec: AccountCodec
  readonly coverage: Coverage
  readonly fixed: FixedClasses
}

/** Columns that `SmallRows.insert` takes. */
const COLUMNS: Readonly<Record<SmallTable, string>> = {
  assets: 'id, standard, reference, first_block, transfers, holders, supply',
  blocks: 'number, hash, parent, timestamp, kept',
  hints: 'reference, standard, account, item, block, undecodable',
  doubts: 'asset, account, item',
  hinted_again: 'reference, standard, account, item, block, undecodable',
}

/**
 * Tables of a built file that its publication removes. `shown`: tokens with a transfer of blocks that are not published yet
 * that could not be decoded, and the first such block.
 */
const OF_BUILD = `
  CREATE TABLE hinted_again (
    reference TEXT NOT NULL, standard TEXT NOT NULL, account BLOB NOT NULL, item BLOB NOT NULL,
    block INTEGER NOT NULL, undecodable INTEGER,
    PRIMARY KEY (reference, standard, account, item)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE shown (asset INTEGER PRIMARY KEY, block INTEGER NOT NULL) STRICT;
`

/** Writes the small tables of a built file, and its clock, in one transaction. */
export class SmallRows {
  readonly #db: SqliteDatabase
  readonly #inserts: Readonly<Record<SmallTable, Statement>>

  constructor(db: SqliteDatabase) {
    this.#db = db
    db.exec(OF_BUILD)
    const insert = (table: SmallTable): Statement => {
      const columns = COLUMNS[table]
      const values = columns.split(', ').map(() => '?')
      return db.prepare(`INSERT INTO ${table} (${columns}) VALUES (${values.join(', ')})`)
    }
    this.#inserts = {
      assets: insert('assets'),
      blocks: insert('blocks'),
      hints: insert('hints'),
      doubts: insert('doubts'),
      hinted_again: insert('hinted_again'),
    }
  }

  insert(table: SmallTable, values: readonly (number | string | Uint8Array | null)[]): void {
    this.#inserts[table].run(...values)
  }

  /** Writes the clock and the chain's row, and reclassifies tokens with transfers that could not be decoded. */
  end({ through, finalized, tail, transfers, undecodable }: BulkEnd, whose: BuiltChain): void {
    const { chain, codec, coverage, fixed } = whose
    const db = this.#db
    bindToChain({ db, chain, codec, coverage })
    // Those with transfers are there already.
    const insertBlock = db.prepare('INSERT OR IGNORE INTO blocks VALUES (?, ?, ?, ?, ?)')
    for (const header of [finalized, ...tail]) insertBlock.run(...headerValues(header), 0)
    const [number, hash] = headerValues(finalized)
    db.prepare(SET_CLOCK).run(...headerValues(through), transfers, number, hash)
    const file = new JournalFile(db, { codec, coverage, fixed })
    const at = Math.floor(Date.now() / 1000)
    const show = db.prepare('INSERT INTO shown VALUES (?, ?)')
    for (const { asset, block, account } of undecodable) {
      show.run(asset, block.number)
      const whose = account === undefined ? undefined : codec.decode(Buffer.from(account))
      const evidence = { account: whose, item: '', journal: undefined, chain: undefined }
      const { asset: ref } = file.assets.byId(asset)
      file.run(reclassifyAt({ asset: ref, block, reason: 'undecodable', evidence }, at, file.rules))
    }
  }
}
