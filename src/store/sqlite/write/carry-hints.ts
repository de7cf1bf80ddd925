import { unproveHinted } from '../../../journal/rules/carry.ts'
import { meetAgain, remeetHinted } from '../../../journal/rules/hinted-pairs.ts'
import type { PairKey } from '../../../journal/rules/pairs.ts'
import { remeet } from '../../../journal/rules/transfers.ts'
import { hintedPairOf, PAIRS_OF_A_TOKEN } from '../../rows/hinted-rows.ts'
import { int, type SqliteDatabase, text } from '../database.ts'
import type { JournalFile } from './journal-file.ts'
import { ROWS_AT_ONCE } from './pages.ts'

/** The generation that is published. `published`: the last block of the one before it, which is attached as `before`. */
type HintedGeneration = {
  readonly db: SqliteDatabase
  readonly file: JournalFile
  readonly published: number | undefined
}

/**
 * Makes the hints of a built generation those that append would have. Hints of published blocks are those of the generation
 * before: repairs may have added and deleted some. Hints of later blocks are those of the log. Then marks the pairs that later
 * blocks hint at.
 */
export function carryHints(generation: HintedGeneration): void {
  const { db, file, published = -1 } = generation
  db.exec(changesAfter(published))
  db.exec(`DELETE FROM main.hints WHERE (reference, standard, account, item) IN
      (SELECT reference, standard, account, item FROM temp.changed);
    INSERT INTO main.hints SELECT reference, standard, account, item, block, undecodable FROM temp.changed
    WHERE block IS NOT NULL`)
  const remet = meetAssets(generation)
  // These statements changed rows of assets.
  file.forget()
  for (const asset of remet) file.run(remeetHinted(asset, file.rules))
  for (const pairs of changedPairs(db)) file.run(meetAgain(pairs, file.rules))
  for (const pairs of pairsOfNewTokens(db)) file.run(unproveHinted(pairs, file.rules, published))
  for (const pairs of newPairs(db, published)) file.run(unproveHinted(pairs, file.rules))
  db.exec('DROP TABLE temp.changed; DROP TABLE main.hinted_again')
}

/** True if rows of two tables are of one pair. */
function same(one: string, other: string): string {
  return ['reference', 'standard', 'account', 'item']
    .map((column) => `${one}.${column} = ${other}.${column}`)
    .join(' AND ')
}

/**
 * Creates the table of the hints that differ from what was built: `block` null where there is none, and `built`, the block of
 * the built row.
 */
function changesAfter(published: number): string {
  return `CREATE TEMP TABLE changed AS
    SELECT * FROM (
      SELECT m.reference, m.standard, m.account, m.item, coalesce(b.block, n.block) AS block,
        coalesce(b.undecodable, iif(m.block > ${published}, m.undecodable, n.undecodable)) AS undecodable,
        m.block AS built, m.undecodable AS built_undecodable
      FROM main.hints m LEFT JOIN before.hints b ON ${same('b', 'm')} LEFT JOIN main.hinted_again n ON ${same('n', 'm')}
      WHERE m.block <= ${published} OR b.block IS NOT NULL
    ) WHERE block IS NOT built OR undecodable IS NOT built_undecodable
    UNION ALL SELECT reference, standard, account, item, block, undecodable, NULL, NULL FROM before.hints b
      WHERE NOT EXISTS (SELECT 1 FROM main.hints m WHERE ${same('m', 'b')})`
}

/**
 * Gives each asset that was met before the first block that it had, and finds it anew where only blocks that were
 * repaired had shown the asset. Returns the assets of which that changed whether they are met.
 */
function meetAssets({ db, file, published = -1 }: HintedGeneration): readonly number[] {
  const rows = db
    .prepare(
      `SELECT m.id, m.first_block, b.first_block, s.block FROM main.assets m
       LEFT JOIN before.assets b ON b.reference = m.reference AND b.standard = m.standard
       LEFT JOIN main.shown s ON s.asset = m.id
       WHERE iif(b.first_block IS NULL, m.first_block <= ? OR s.block < ifnull(m.first_block, s.block + 1),
         m.first_block IS NOT b.first_block)`,
    )
    .raw()
    .all(published)
  const meet = db.prepare('UPDATE assets SET first_block = ? WHERE id = ?')
  const show = db.prepare('UPDATE assets SET first_block = min(ifnull(first_block, @block), @block) WHERE id = @id')
  const firstBlock = db.prepare('SELECT first_block FROM assets WHERE id = ?').pluck()
  return rows.flatMap(([asset, built, before, shown]) => {
    const id = int(asset)
    if (before === null) file.run(remeet(new Set([id])))
    else meet.run(before, id)
    if (before === null && shown !== null) show.run({ block: int(shown), id })
    return (firstBlock.get(id) === null) === (built === null) ? [] : [id]
  })
}

/** The pairs of assets whose hints differ from what was built. */
function* changedPairs(db: SqliteDatabase): Generator<PairKey[]> {
  const after = db
    .prepare(
      `SELECT c.rowid, a.id, c.standard, c.account, c.item FROM temp.changed c
       JOIN main.assets a ON a.reference = c.reference AND a.standard = c.standard
       WHERE c.rowid > ? ORDER BY c.rowid LIMIT ${ROWS_AT_ONCE}`,
    )
    .raw()
  for (let rows = after.all(0); rows.length > 0; rows = after.all(rows.at(-1)?.[0])) {
    yield rows.map((row) => hintedPairOf(row.slice(1)))
  }
}

/** The pairs of each token that only new blocks show to be one, which earlier blocks hint at. */
function* pairsOfNewTokens(db: SqliteDatabase): Generator<PairKey[]> {
  const tokens = db
    .prepare(
      `SELECT m.id, m.reference, m.standard FROM (SELECT DISTINCT reference, standard FROM before.hints) h
       JOIN main.assets m ON m.reference = h.reference AND m.standard = h.standard
       LEFT JOIN before.assets b ON b.reference = h.reference AND b.standard = h.standard
       WHERE m.first_block IS NOT NULL AND b.first_block IS NULL`,
    )
    .raw()
  const pairs = db
    .prepare(
      `SELECT ?, standard, account, item FROM before.hints WHERE reference = ? AND standard = ? LIMIT ${PAIRS_OF_A_TOKEN}`,
    )
    .raw()
  for (const [id, reference, standard] of tokens.all()) yield pairs.all(id, reference, standard).map(hintedPairOf)
}

/** The pairs of each token that events of new blocks hint at, the first ones first. */
function* newPairs(db: SqliteDatabase, published: number): Generator<PairKey[]> {
  const hints = [
    `main.hints WHERE block > ${published}`,
    'main.hinted_again WHERE true',
    `temp.changed WHERE built > ${published}`,
  ]
  const named = hints.map((from) => `SELECT reference, standard FROM ${from}`)
  const tokens = db
    .prepare(
      `SELECT a.id, h.reference, h.standard FROM (${named.join(' UNION ')}) h
       JOIN main.assets a ON a.reference = h.reference AND a.standard = h.standard WHERE a.first_block IS NOT NULL`,
    )
    .raw()
  // Each part is in the order of an index or is cut while it is sorted: a token may have millions of pairs.
  const first = `ORDER BY block, account, item LIMIT ${PAIRS_OF_A_TOKEN}`
  const ofToken = hints.map((from) => {
    const block = from.startsWith('temp') ? 'built AS block' : 'block'
    return `SELECT * FROM (SELECT account, item, ${block} FROM ${from} AND reference = @reference AND standard = @standard ${first})`
  })
  const pairs = db.prepare(`SELECT @id, @standard, account, item FROM (${ofToken.join(' UNION ')}) ${first}`).raw()
  for (const [id, reference, standard] of tokens.all()) {
    yield pairs.all({ id: int(id), reference: text(reference), standard: text(standard) }).map(hintedPairOf)
  }
}
