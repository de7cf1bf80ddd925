import type { AccountCodec } from '../../../core/account.ts'
import { isFungible } from '../../../core/standards.ts'
import type { BlockTransfers, Transfer } from '../../../core/transfer.ts'
import { decodeAmount, decodeItem } from '../../../journal/amount-codec.ts'
import { decodeHash } from '../../../journal/hash-codec.ts'
import { obtainAsset, parseStandard } from '../../../journal/rules/assets.ts'
import { addPublished, carryPairs, resolveClassified } from '../../../journal/rules/carry.ts'
import { NAMED_BELOW_FINAL } from '../../../journal/rules/finalize.ts'
import type { PairKey } from '../../../journal/rules/pairs.ts'
import { repair } from '../../../journal/rules/repair.ts'
import { withIds } from '../../queries/walk-found.ts'
import { CARRIED_OF_ASSETS, CARRIED_TURNS, CARRIED_WHOLE } from '../../rows/carried-tables.ts'
import { readHeader } from '../../rows/header-rows.ts'
import { bytes, int, nullable, type Row, type SqliteDatabase, text } from '../database.ts'
import { carryHints } from './carry-hints.ts'
import type { JournalFile } from './journal-file.ts'
import { pages, ROWS_AT_ONCE } from './pages.ts'

/** Repaired blocks with their transfers that are in memory at once. */
const BLOCKS_AT_ONCE = 50

/**
 * The generation that is published, by its connection and journal, and the file of the one before. `published`: the last
 * block of that one; undefined if it has none.
 */
export type CarryOver = {
  readonly db: SqliteDatabase
  readonly file: JournalFile
  readonly codec: AccountCodec
  readonly before: string
  readonly published: number | undefined
}

/**
 * Makes of a built generation what append would have made of the one before and the new blocks: copies what no log tells
 * (classes, openings, doubts, endings, findings, cursors, the state of the writer), makes repairs again, takes the hints of
 * published blocks as they are now, and marks the pairs that new blocks hint at. Assets are found by name, since an asset
 * that only a read named has another id.
 */
export function carryOver({ db, file, codec, before, published }: CarryOver): void {
  db.prepare('ATTACH ? AS before').run(before)
  try {
    const run = db.transaction(() => {
      const how = { at: Math.floor(Date.now() / 1000), isLoading: false }
      for (const blocks of repairedBlocks(db, codec)) file.run(repair(blocks, how, file.rules))
      mapAssets(db, file)
      for (const table of CARRIED_WHOLE)
        db.exec(`DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM before.${table}`)
      for (const [table, columns] of CARRIED_OF_ASSETS) {
        db.exec(`DELETE FROM ${table}`)
        copyOfAssets(db, table, columns)
      }
      moveCursor(db)
      const classified = carryClasses(db)
      keepHeaders(db)
      db.exec(`UPDATE chain SET fence = b.fence, followings = b.followings FROM before.chain b;
        UPDATE clock SET classes = max(classes, (SELECT classes FROM before.clock)) + 1`)
      file.forget()
      file.run(resolveClassified(classified, file.rules))
      carryHints({ db, file, published })
      for (const pairs of openedPairs(db, file)) file.run(carryPairs(pairs, file.rules))
      file.run(addPublished(published, file.rules))
      db.exec('DROP TABLE temp.carried; DROP TABLE main.shown')
    })
    // An immediate transaction would also lock the file before, whose writer waits for this one.
    run.deferred()
  } finally {
    db.exec('DETACH before')
  }
}

/**
 * Gives the walk over tokens of `reads` the new ids of its tokens: their cursors are of one token each. Other walks go on from
 * an id to the next ones, whichever they are.
 */
function moveCursor(db: SqliteDatabase): void {
  const cursor = db.prepare("SELECT place FROM places WHERE name = 'rereads'").pluck().get()
  if (cursor === undefined) return
  const now = db.prepare('SELECT now FROM temp.carried WHERE was = ?').pluck()
  const idOf = (id: number): number => nullable(now.get(id), int) ?? id
  db.prepare("UPDATE places SET place = ? WHERE name = 'rereads'").run(withIds(text(cursor), idOf))
}

/**
 * Copies classes, and takes those that new blocks tell, as append does: not of a token that is answered by reads already.
 * Returns the assets that they reclassified.
 */
function carryClasses(db: SqliteDatabase): readonly number[] {
  const reclassified = db.prepare('SELECT asset FROM turns').pluck().all()
  db.exec('DELETE FROM turns WHERE asset IN (SELECT asset FROM endings)')
  copyOfAssets(db, 'turns', CARRIED_TURNS)
  // A class is certain if new blocks show that the contract exists.
  db.exec('UPDATE turns SET code_at = NULL WHERE asset IN (SELECT asset FROM shown)')
  const isOld = db
    .prepare('SELECT 1 FROM temp.carried c JOIN before.turns t ON t.asset = c.was WHERE c.now = ?')
    .pluck()
  return reclassified.map(int).filter((asset) => isOld.get(asset) === undefined)
}

/**
 * Keeps the headers near the final blocks that have no transfers, as append does: not that of the last block before. Other
 * headers without transfers are of repaired blocks.
 */
function keepHeaders(db: SqliteDatabase): void {
  db.prepare(
    `INSERT OR IGNORE INTO blocks SELECT * FROM before.blocks
     WHERE kept = 0 AND number >= (SELECT finalized_number FROM clock) - ?`,
  ).run(NAMED_BELOW_FINAL)
  db.exec(`DELETE FROM blocks WHERE kept = 0 AND number < (SELECT number FROM before.clock)
      AND number NOT IN (SELECT number FROM before.blocks);
    DELETE FROM blocks WHERE kept = 0 AND number = (SELECT number FROM before.clock)`)
}

function copyOfAssets(db: SqliteDatabase, table: string, columns: string): void {
  db.exec(`INSERT OR REPLACE INTO ${table} (asset, ${columns})
    SELECT m.now, ${columns} FROM before.${table} b JOIN temp.carried m ON m.was = b.asset`)
}

/**
 * Finds the new ids of the assets that carried rows name, and adds those that no transfer names: an asset that was added
 * once stays.
 */
function mapAssets(db: SqliteDatabase, file: JournalFile): void {
  db.exec('CREATE TEMP TABLE carried (was INTEGER PRIMARY KEY, now INTEGER NOT NULL)')
  const tables = ['turns', ...CARRIED_OF_ASSETS.map(([table]) => table)]
  const named = tables.map((table) => `SELECT asset FROM before.${table}`)
  const after = db
    .prepare(
      `SELECT id, standard, reference FROM before.assets
       WHERE (transfers = 0 OR id IN (${named.join(' UNION ')})) AND id > ? ORDER BY id LIMIT ${ROWS_AT_ONCE}`,
    )
    .raw()
  const insert = db.prepare('INSERT INTO temp.carried VALUES (?, ?)')
  for (const row of pages((last) => after.all(last[0] ?? 0))) {
    const asset = { standard: parseStandard(row[1]), reference: text(row[2]) }
    insert.run(int(row[0]), file.run(obtainAsset(asset)).id)
  }
}

/** The blocks that were repaired since the log was begun, some at a time, as the generation before has them. */
function* repairedBlocks(db: SqliteDatabase, codec: AccountCodec): Generator<BlockTransfers[]> {
  const header = db.prepare('SELECT number, hash, parent, timestamp FROM before.blocks WHERE number = ?').raw()
  const own = db.prepare('SELECT number, hash, parent, timestamp FROM main.blocks WHERE number = ?').raw()
  const transfers = db
    .prepare(
      `SELECT log, sub, standard, reference, sender, receiver, item, amount, hash
       FROM before.transfers t JOIN before.assets a ON a.id = t.asset WHERE block = ? ORDER BY log, sub`,
    )
    .raw()
  const blocks = db
    .prepare(`SELECT block FROM before.repaired WHERE block > ? ORDER BY block LIMIT ${BLOCKS_AT_ONCE}`)
    .raw()
  let repaired: BlockTransfers[] = []
  for (const [block] of pages((last) => blocks.all(last[0] ?? -1))) {
    const row = header.get(block) ?? own.get(block)
    if (row === undefined) continue
    const { number, hash, timestamp } = readHeader(row)
    const moved = transfers.all(block).map((values): Transfer => transferOf(values, codec))
    repaired.push({ number, hash, parentHash: undefined, timestamp, transfers: moved })
    if (repaired.length < BLOCKS_AT_ONCE) continue
    yield repaired
    repaired = []
  }
  if (repaired.length > 0) yield repaired
}

function transferOf(row: Row, codec: AccountCodec): Transfer {
  const side = (value: unknown): string | undefined => nullable(value, (stored) => codec.decode(bytes(stored)))
  return {
    event: int(row[0]),
    part: int(row[1]),
    asset: { standard: parseStandard(row[2]), reference: text(row[3]) },
    from: side(row[4]),
    to: side(row[5]),
    item: decodeItem(bytes(row[6])),
    amount: decodeAmount(bytes(row[7])),
    transactionHash: decodeHash(bytes(row[8])),
  }
}

function* openedPairs(db: SqliteDatabase, { assets }: JournalFile): Generator<PairKey[]> {
  const after = db
    .prepare(
      `SELECT DISTINCT account, asset, item FROM main.openings WHERE (account, asset, item) > (?, ?, ?)
       ORDER BY account, asset, item LIMIT ${ROWS_AT_ONCE}`,
    )
    .raw()
  for (let rows = after.all(Buffer.alloc(0), -1, Buffer.alloc(0)); rows.length > 0; ) {
    const last = rows.at(-1)
    yield rows.map(([account, id, item]) => {
      const asset = int(id)
      const fungible = isFungible(assets.byId(asset).asset.standard)
      return { account: bytes(account), asset, item: decodeItem(bytes(item)), fungible }
    })
    rows = last === undefined ? [] : after.all(...last)
  }
}
