import type { AccountCodec } from '../../../core/account.ts'
import { isFungible } from '../../../core/standards.ts'
import type { BlockTransfers, Transfer } from '../../../core/transfer.ts'
import { decodeAmount, decodeItem } from '../../../journal/amount-codec.ts'
import { decodeHash } from '../../../journal/hash-codec.ts'
import { obtainAsset, parseStandard } from '../../../journal/rules/assets.ts'
import { addPublished, carryPairs, unproveHinted } from '../../../journal/rules/carry.ts'
import type { PairKey } from '../../../journal/rules/pairs.ts'
import { repair } from '../../../journal/rules/repair.ts'
import { readHeader } from '../../rows/header-rows.ts'
import { bytes, int, nullable, type Row, type SqliteDatabase, text } from '../database.ts'
import type { JournalFile } from './journal-file.ts'

/** Pairs of one token that are marked as in doubt at once: more than are marked one by one. */
const PAIRS_OF_A_TOKEN = 1_001

/** Rows, and repaired blocks with their transfers, that are in memory at once. */
const ROWS_AT_ONCE = 1_000
const BLOCKS_AT_ONCE = 50

/** Tables whose rows name an asset, with their other columns. */
const OF_ASSETS = [
  ['turns', 'block, hash, reason, account, item, journal, chain, turned_at, code_at'],
  ['silences', 'since, until'],
  ['endings', 'block, again, unsure'],
  ['refuted_pairs', 'account, item, block'],
  ['refuted_assets', 'pairs, supply, lacking, supply_block'],
  ['openings', 'account, item, block, hash, amount, since'],
] as const

/** Tables that are replaced as a whole. */
const WHOLE = ['heartbeat', 'places', 'log_proofs', 'in_doubt', 'repaired', 'feed'] as const

/** The generation that is published, by its connection and journal, and the file of the one before. */
export type CarryOver = {
  readonly db: SqliteDatabase
  readonly file: JournalFile
  readonly codec: AccountCodec
  readonly before: string
}

/**
 * Copies from the generation before what no log tells: classes, openings, doubts, endings, cursors, the repaired blocks,
 * and the state of the writer. Assets are found by name, since an asset that only a read named has another id.
 */
export function carryOver({ db, file, codec, before }: CarryOver): void {
  db.prepare('ATTACH ? AS before').run(before)
  try {
    const run = db.transaction(() => {
      const how = { at: Math.floor(Date.now() / 1000), isLoading: false }
      for (const blocks of repairedBlocks(db, codec)) file.run(repair(blocks, how, file.rules))
      mapAssets(db, file)
      for (const table of WHOLE) copyWhole(db, table)
      db.exec('CREATE TEMP TABLE shown AS SELECT asset FROM main.turns')
      for (const [table, columns] of OF_ASSETS) copyOfAssets(db, table, columns)
      // A class is certain if the log has an event that shows the contract to exist.
      db.exec('UPDATE main.turns SET code_at = NULL WHERE asset IN (SELECT asset FROM temp.shown)')
      db.exec(`DELETE FROM findings; INSERT INTO findings
        SELECT id, found_at, what, block, m.now, account, item, journal, chain, says
        FROM before.findings f JOIN temp.carried m ON m.was = f.asset;
        UPDATE chain SET fence = (SELECT fence FROM before.chain), followings = (SELECT followings FROM before.chain);
        UPDATE clock SET classes = max(classes, (SELECT classes FROM before.clock)) + 1`)
      file.forget()
      for (const pairs of openedPairs(db, file)) file.run(carryPairs(pairs, file.rules))
      for (const pairs of hintedPairs(db, file)) file.run(unproveHinted(pairs, file.rules))
      file.run(addPublished(lastBefore(db), file.rules))
      db.exec('DROP TABLE temp.carried; DROP TABLE temp.shown')
    })
    // An immediate transaction would also lock the file before, whose writer waits for this one.
    run.deferred()
  } finally {
    db.exec('DETACH before')
  }
}

/** The last written block of the generation before; undefined if it has none. */
function lastBefore(db: SqliteDatabase): number | undefined {
  return nullable(db.prepare('SELECT number FROM before.clock').pluck().get(), int)
}

function copyWhole(db: SqliteDatabase, table: string): void {
  db.exec(`DELETE FROM ${table} WHERE EXISTS (SELECT 1 FROM before.${table})`)
  db.exec(`INSERT INTO ${table} SELECT * FROM before.${table}`)
}

function copyOfAssets(db: SqliteDatabase, table: string, columns: string): void {
  db.exec(`INSERT OR REPLACE INTO ${table} (asset, ${columns})
    SELECT m.now, ${columns} FROM before.${table} b JOIN temp.carried m ON m.was = b.asset`)
}

/** Finds the new ids of the assets that carried rows name, and adds those that no transfer names. */
function mapAssets(db: SqliteDatabase, file: JournalFile): void {
  db.exec('CREATE TEMP TABLE carried (was INTEGER PRIMARY KEY, now INTEGER NOT NULL)')
  const named = [...OF_ASSETS.map(([table]) => table), 'findings'].map((table) => `SELECT asset FROM before.${table}`)
  const after = db
    .prepare(
      `SELECT id, standard, reference FROM before.assets WHERE id IN (${named.join(' UNION ')}) AND id > ?
       ORDER BY id LIMIT ${ROWS_AT_ONCE}`,
    )
    .raw()
  const insert = db.prepare('INSERT INTO temp.carried VALUES (?, ?)')
  for (const row of pages((last) => after.all(last[0] ?? 0))) {
    const asset = { standard: parseStandard(row[1]), reference: text(row[2]) }
    insert.run(int(row[0]), file.run(obtainAsset(asset)).id)
  }
}

/** The rows of pages, each of which follows the last row of the one before; `[]` before the first. */
function* pages(next: (last: Row) => Row[]): Generator<Row> {
  for (let rows = next([]); rows.length > 0; rows = next(rows.at(-1) ?? [])) yield* rows
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

function* openedPairs(db: SqliteDatabase, file: JournalFile): Generator<PairKey[]> {
  const after = db
    .prepare(
      `SELECT DISTINCT account, asset, item FROM main.openings WHERE (account, asset, item) > (?, ?, ?)
       ORDER BY account, asset, item LIMIT ${ROWS_AT_ONCE}`,
    )
    .raw()
  for (let rows = after.all(Buffer.alloc(0), -1, Buffer.alloc(0)); rows.length > 0; ) {
    const last = rows.at(-1)
    yield rows.map(([account, asset, item]) => pairOf(file, { account, asset: int(asset), item }))
    rows = last === undefined ? [] : after.all(...last)
  }
}

function pairOf(
  { assets }: JournalFile,
  { account, asset, item }: { readonly account: unknown; readonly asset: number; readonly item: unknown },
): PairKey {
  const fungible = isFungible(assets.byId(asset).asset.standard)
  return { account: bytes(account), asset, item: decodeItem(bytes(item)), fungible }
}

/** The pairs of each token that events hinted at since the last block of the generation before. */
function* hintedPairs(db: SqliteDatabase, file: JournalFile): Generator<PairKey[]> {
  const assets = db
    .prepare(
      `SELECT DISTINCT a.id FROM main.hints h JOIN main.assets a USING (reference, standard)
       WHERE a.first_block IS NOT NULL AND h.block > coalesce((SELECT number FROM before.clock), -1)`,
    )
    .pluck()
    .all()
  const pairs = db
    .prepare(
      `SELECT h.account, h.item FROM main.assets a JOIN main.hints h USING (reference, standard)
       WHERE a.id = ? AND h.block > coalesce((SELECT number FROM before.clock), -1) LIMIT ${PAIRS_OF_A_TOKEN}`,
    )
    .raw()
  for (const asset of assets.map(int)) {
    yield pairs.all(asset).map(([account, item]) => pairOf(file, { account, asset, item }))
  }
}
