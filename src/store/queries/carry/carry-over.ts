import type { AccountCodec } from '../../../core/account.ts'
import { isFungible } from '../../../core/standards.ts'
import type { BlockTransfers, Transfer } from '../../../core/transfer.ts'
import { decodeAmount, decodeItem } from '../../../journal/amount-codec.ts'
import { decodeHash } from '../../../journal/hash-codec.ts'
import { obtainAssets, parseStandard } from '../../../journal/rules/assets.ts'
import { addPublished, carryPairs, resolveClassified } from '../../../journal/rules/carry.ts'
import { NAMED_BELOW_FINAL } from '../../../journal/rules/finalize.ts'
import { repair } from '../../../journal/rules/repair.ts'
import { CARRIED_OF_ASSETS, CARRIED_TURNS, CARRIED_WHOLE } from '../../rows/carried-tables.ts'
import { bytes, int, nullable, type Row, text } from '../../rows/columns.ts'
import { readHeader } from '../../rows/header-rows.ts'
import { each, planned, rowOf, rowsOf, Sql, type Work } from '../query.ts'
import { withIds } from '../walk-found.ts'
import type { WriterMemory } from '../writer.ts'
import { carryHints } from './carry-hints.ts'

/** Repaired blocks with their transfers that are in memory at once. */
const BLOCKS_AT_ONCE = 50
/** Rows that are read at once. */
const ROWS_AT_ONCE = 1_000

/**
 * The generation that is published. `memory`: of its rows. `published`: the last block of the generation before, whose tables
 * are named `before.table`; undefined if it has none. `forget`: whoever runs this forgets the rows.
 */
export type CarryOver = {
  readonly memory: WriterMemory
  readonly published: number | undefined
  readonly forget: () => void
}

/**
 * Makes of a built generation what append would have made of the one before and the new blocks: copies what no log tells
 * (classes, openings, doubts, endings, findings, cursors, the state of the writer), makes repairs again, takes the hints of
 * published blocks as they are now, and marks the pairs that new blocks hint at. Assets are found by name, since an asset
 * that only a read named has another id.
 */
export function* carryOver({ memory, published, forget }: CarryOver): Work<void> {
  const { rules } = memory
  yield* repairAgain(memory)
  yield* mapAssets()
  for (const statement of COPY_WHOLE) yield [statement]
  for (const statement of COPY_OF_ASSETS) yield [statement]
  yield* moveCursor()
  const classified = yield* carryClasses()
  yield* keepHeaders()
  yield [COPY_CHAIN]
  yield [COPY_REVISION]
  forget()
  yield* planned(memory.followed.reload())
  yield* planned(resolveClassified(classified, rules))
  yield* carryHints({ rules, published, forget })
  yield* carryOpened(memory)
  yield* planned(addPublished(published, rules))
  yield [DROP_CARRIED]
  yield [DROP_SHOWN]
}

const COPY_WHOLE = CARRIED_WHOLE.flatMap((table) => [
  rowsOf(`DELETE FROM ${table}`),
  rowsOf(`INSERT INTO ${table} SELECT * FROM before.${table}`),
])
const COPY_OF_ASSETS = CARRIED_OF_ASSETS.flatMap(([table, columns]) => [
  rowsOf(`DELETE FROM ${table}`),
  copyOfAssets(table, columns),
])
const COPY_CHAIN = rowsOf('UPDATE chain SET fence = b.fence, followings = b.followings FROM before.chain b')
const COPY_REVISION = rowsOf(`UPDATE clock SET
  classes = CASE WHEN clock.classes > b.classes THEN clock.classes ELSE b.classes END + 1 FROM before.clock b`)
const DROP_CARRIED = new Sql('DROP TABLE carried', false, false)
const DROP_SHOWN = new Sql('DROP TABLE shown', false, false)

function copyOfAssets(table: string, columns: string): Sql {
  return rowsOf(`INSERT INTO ${table} (asset, ${columns})
    SELECT m.now, ${columns} FROM before.${table} b JOIN carried m ON m.was = b.asset`)
}

/**
 * Gives the walk over tokens of `reads` the new ids of its tokens: their cursors are of one token each. Other walks go on from
 * an id to the next ones, whichever they are.
 */
function* moveCursor(): Work<void> {
  const [cursor] = yield [CURSOR]
  if (cursor === undefined) return
  const ids = new Set<number>()
  withIds(text(cursor[0]), (id) => {
    ids.add(id)
    return id
  })
  const was = [...ids]
  const found = yield [NOW, was.map((id) => [id])]
  const now = new Map(was.map((id, index) => [id, found[index]?.[0]]))
  const idOf = (id: number): number => nullable(now.get(id) ?? null, int) ?? id
  yield [MOVE_CURSOR, withIds(text(cursor[0]), idOf)]
}

const CURSOR = rowOf("SELECT place FROM places WHERE name = 'rereads'")
const NOW = each('SELECT now FROM carried WHERE was = ?', ['int'])
const MOVE_CURSOR = rowsOf("UPDATE places SET place = ? WHERE name = 'rereads'")

/**
 * Copies classes, and takes those that new blocks tell, as append does: not of a token that is answered by reads already.
 * Returns the assets that they reclassified.
 */
function* carryClasses(): Work<readonly number[]> {
  const reclassified = (yield [RECLASSIFIED]).map(([asset]) => int(asset))
  const old = new Set((yield [CLASSES_BEFORE]).map(([asset]) => int(asset)))
  yield [FORGET_CLASSES]
  yield [COPY_CLASSES]
  // A class is certain if new blocks show that the contract exists.
  yield [ASSURE_CLASSES]
  return reclassified.filter((asset) => !old.has(asset))
}

const OLD_CLASSES = 'SELECT m.now FROM before.turns b JOIN carried m ON m.was = b.asset'
const RECLASSIFIED = rowsOf('SELECT asset FROM turns')
const CLASSES_BEFORE = rowsOf(OLD_CLASSES)
const FORGET_CLASSES = rowsOf(
  `DELETE FROM turns WHERE asset IN (SELECT asset FROM endings) OR asset IN (${OLD_CLASSES})`,
)
const COPY_CLASSES = copyOfAssets('turns', CARRIED_TURNS)
const ASSURE_CLASSES = rowsOf('UPDATE turns SET code_at = NULL WHERE asset IN (SELECT asset FROM shown)')

/**
 * Keeps the headers near the final blocks that have no transfers, as append does: not that of the last block before. Other
 * headers without transfers are of repaired blocks.
 */
function* keepHeaders(): Work<void> {
  yield [KEEP_HEADERS, NAMED_BELOW_FINAL]
  yield [DROP_HEADERS]
  yield [DROP_LAST_HEADER]
}

const KEEP_HEADERS = rowsOf(`INSERT INTO blocks SELECT * FROM before.blocks
  WHERE kept = 0 AND number >= (SELECT finalized_number FROM clock) - ? ON CONFLICT DO NOTHING`)
const DROP_HEADERS = rowsOf(`DELETE FROM blocks WHERE kept = 0 AND number < (SELECT number FROM before.clock)
  AND NOT EXISTS (SELECT 1 FROM before.blocks b WHERE b.number = blocks.number)`)
const DROP_LAST_HEADER = rowsOf('DELETE FROM blocks WHERE kept = 0 AND number = (SELECT number FROM before.clock)')

/**
 * Finds the new ids of the assets that carried rows name, and adds those that no transfer names: an asset that was added
 * once stays.
 */
function* mapAssets(): Work<void> {
  yield [CREATE_CARRIED]
  for (let after = 0; ; ) {
    const rows = yield [NAMED, after]
    if (rows.length === 0) return
    const named = rows.map((row) => ({ standard: parseStandard(row[1]), reference: text(row[2]) }))
    const assets = yield* planned(obtainAssets(named))
    yield [CARRY, rows.map(([id], index) => [int(id), assets[index]?.id ?? null])]
    after = int(rows.at(-1)?.[0])
  }
}

const CREATE_CARRIED = new Sql('CREATE TEMP TABLE carried (was bigint PRIMARY KEY, now bigint NOT NULL)', false, false)
const NAMING = ['turns', ...CARRIED_OF_ASSETS.map(([table]) => table)].map(
  (table) => `SELECT asset FROM before.${table}`,
)
const NAMED = rowsOf(`SELECT id, standard, reference FROM before.assets
  WHERE (transfers = 0 OR id IN (${NAMING.join(' UNION ')})) AND id > ? ORDER BY id LIMIT ${ROWS_AT_ONCE}`)
const CARRY = each('INSERT INTO carried (was, now) VALUES (?, ?)', ['int', 'int'])

/** Makes the repairs again that were made since the log was begun. */
function* repairAgain({ rules }: WriterMemory): Work<void> {
  const how = { at: Math.floor(Date.now() / 1000), isLoading: false }
  for (let after = -1; ; ) {
    const rows = yield [REPAIRED, after]
    if (rows.length === 0) return
    const numbers = rows.map(([block]) => [int(block)] as const)
    const [before, own] = [yield [HEADER_BEFORE, numbers], yield [OWN_HEADER, numbers]]
    const repaired: BlockTransfers[] = []
    for (const [index] of numbers.entries()) {
      const row = [before[index], own[index]].find((one) => one !== undefined && one.length > 0)
      if (row === undefined) continue
      const { number, hash, timestamp } = readHeader(row)
      const moved = (yield [TRANSFERS_BEFORE, number]).map((values): Transfer => transferOf(values, rules.codec))
      repaired.push({ number, hash, parentHash: undefined, timestamp, transfers: moved })
    }
    if (repaired.length > 0) yield* planned(repair(repaired, how, rules))
    after = int(rows.at(-1)?.[0])
  }
}

const REPAIRED = rowsOf(`SELECT block FROM before.repaired WHERE block > ? ORDER BY block LIMIT ${BLOCKS_AT_ONCE}`)
const HEADER_BEFORE = each('SELECT number, hash, parent, timestamp FROM before.blocks WHERE number = ?', ['int'])
const OWN_HEADER = each('SELECT number, hash, parent, timestamp FROM blocks WHERE number = ?', ['int'])
const TRANSFERS_BEFORE = rowsOf(`SELECT log, sub, standard, reference, sender, receiver, item, amount, hash
  FROM before.transfers t JOIN before.assets a ON a.id = t.asset WHERE block = ? ORDER BY log, sub`)

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

/** Recomputes the pairs that reads opened. */
function* carryOpened({ rules }: WriterMemory): Work<void> {
  for (let after: readonly [Buffer, number, Buffer] = [Buffer.alloc(0), -1, Buffer.alloc(0)]; ; ) {
    const pairs = (yield [OPENED, ...after]).map(([account, asset, item, standard]) => ({
      ...{ account: bytes(account), asset: int(asset), item: decodeItem(bytes(item)) },
      fungible: isFungible(parseStandard(standard)),
      key: [bytes(account), int(asset), bytes(item)] as const,
    }))
    const last = pairs.at(-1)
    if (last === undefined) return
    yield* planned(carryPairs(pairs, rules))
    after = last.key
  }
}

const OPENED = rowsOf(`SELECT DISTINCT o.account, o.asset, o.item, a.standard
  FROM openings o JOIN assets a ON a.id = o.asset WHERE (o.account, o.asset, o.item) > (?, ?, ?)
  ORDER BY o.account, o.asset, o.item LIMIT ${ROWS_AT_ONCE}`)
