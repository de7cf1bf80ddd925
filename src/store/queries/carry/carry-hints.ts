import { unproveHinted } from '../../../journal/rules/carry.ts'
import { meetAgain, remeetHinted } from '../../../journal/rules/hinted-pairs.ts'
import type { JournalRules } from '../../../journal/rules/journal-rules.ts'
import { remeet } from '../../../journal/rules/transfers.ts'
import { int, text } from '../../rows/columns.ts'
import { hintedPairOf, PAIRS_OF_A_TOKEN } from '../../rows/hinted-rows.ts'
import { planned, rowOf, rowsOf, Sql, type Work } from '../query.ts'

/** Rows that are read at once. */
const ROWS_AT_ONCE = 1_000

/** The generation that is published, as in `CarryOver`. */
type HintedGeneration = {
  readonly rules: JournalRules
  readonly published: number | undefined
  readonly forget: () => void
}

/**
 * Makes the hints of a built generation those that append would have. Hints of published blocks are those of the generation
 * before: repairs may have added and deleted some. Hints of later blocks are those of the log. Then marks the pairs that later
 * blocks hint at.
 */
export function* carryHints({ rules, published = -1, forget }: HintedGeneration): Work<void> {
  yield [CREATE_CHANGED]
  yield [FIND_CHANGED, { published }]
  yield [FIND_LACKING]
  yield [DELETE_CHANGED]
  yield [INSERT_CHANGED]
  const remet = yield* meetAssets(published)
  // These statements changed rows of assets.
  forget()
  for (const asset of remet) yield* planned(remeetHinted(asset, rules))
  yield* meetChanged(rules)
  yield* unproveOfNewTokens(rules, published)
  yield* unproveNew(rules, published)
  yield [DROP_CHANGED]
  yield [DROP_HINTED_AGAIN]
}

/** True if rows of two tables are of one pair. */
function same(one: string, other: string): string {
  return ['reference', 'standard', 'account', 'item']
    .map((column) => `${one}.${column} = ${other}.${column}`)
    .join(' AND ')
}

/**
 * The hints that differ from what was built: `block` null where there is none, and `built`, the block of the built row, null where
 * that is lacking. `place` counts each of both.
 */
const CREATE_CHANGED = new Sql(
  `CREATE TEMP TABLE changed AS SELECT block AS place, reference, standard, account, item, block, undecodable, block AS built
   FROM hints WHERE 1 = 0`,
  false,
  false,
)
const FIND_CHANGED = rowsOf(`INSERT INTO changed
  SELECT row_number() OVER (), reference, standard, account, item, block, undecodable, built FROM (
    SELECT m.reference, m.standard, m.account, m.item, coalesce(b.block, n.block) AS block,
      coalesce(b.undecodable, CASE WHEN m.block > @published THEN m.undecodable ELSE n.undecodable END) AS undecodable,
      m.block AS built, m.undecodable AS built_undecodable
    FROM hints m LEFT JOIN before.hints b ON ${same('b', 'm')} LEFT JOIN hinted_again n ON ${same('n', 'm')}
    WHERE m.block <= @published OR b.block IS NOT NULL
  ) AS found WHERE block IS DISTINCT FROM built OR undecodable IS DISTINCT FROM built_undecodable`)
const FIND_LACKING = rowsOf(`INSERT INTO changed
  SELECT -row_number() OVER (), reference, standard, account, item, block, undecodable, NULL FROM before.hints b
  WHERE NOT EXISTS (SELECT 1 FROM hints m WHERE ${same('m', 'b')})`)
const DELETE_CHANGED = rowsOf(`DELETE FROM hints WHERE (reference, standard, account, item) IN
  (SELECT reference, standard, account, item FROM changed)`)
const INSERT_CHANGED = rowsOf(`INSERT INTO hints (reference, standard, account, item, block, undecodable)
  SELECT reference, standard, account, item, block, undecodable FROM changed WHERE block IS NOT NULL`)
const DROP_CHANGED = new Sql('DROP TABLE changed', false, false)
const DROP_HINTED_AGAIN = new Sql('DROP TABLE hinted_again', false, false)

/**
 * Gives each asset that was met before the first block that it had, and finds it anew where only blocks that were
 * repaired had shown the asset. Returns the assets of which that changed whether they are met.
 */
function* meetAssets(published: number): Work<readonly number[]> {
  const changed: number[] = []
  for (const [asset, built, before, shown] of yield [REMET, published]) {
    const id = int(asset)
    if (before === null) yield* planned(remeet(new Set([id])))
    else yield [MEET, int(before), id]
    if (before === null && shown !== null) yield [SHOW, { block: int(shown), id }]
    const [now] = (yield [FIRST_BLOCK, id])[0] ?? [null]
    if ((now === null) !== (built === null)) changed.push(id)
  }
  return changed
}

const REMET = rowsOf(`SELECT m.id, m.first_block, b.first_block, s.block FROM assets m
  LEFT JOIN before.assets b ON b.reference = m.reference AND b.standard = m.standard
  LEFT JOIN shown s ON s.asset = m.id
  WHERE CASE WHEN b.first_block IS NULL
    THEN m.first_block <= ? OR s.block < coalesce(m.first_block, s.block + 1)
    ELSE m.first_block IS DISTINCT FROM b.first_block END
  ORDER BY m.id`)
const MEET = rowsOf('UPDATE assets SET first_block = ? WHERE id = ?')
const SHOW = rowsOf(`UPDATE assets
  SET first_block = CASE WHEN first_block < @block THEN first_block ELSE @block END WHERE id = @id`)
const FIRST_BLOCK = rowOf('SELECT first_block FROM assets WHERE id = ?')

/** Meets the pairs of assets again whose hints differ from what was built. */
function* meetChanged(rules: JournalRules): Work<void> {
  for (const statement of [CHANGED, LACKED]) {
    for (let after = 0; ; ) {
      const rows = yield [statement, after]
      if (rows.length === 0) break
      yield* planned(
        meetAgain(
          rows.map((row) => hintedPairOf(row.slice(1))),
          rules,
        ),
      )
      after = Math.abs(int(rows.at(-1)?.[0]))
    }
  }
}

const changedAfter = (place: string): Sql =>
  rowsOf(`SELECT ${place}, a.id, c.standard, c.account, c.item FROM changed c
    JOIN assets a ON a.reference = c.reference AND a.standard = c.standard
    WHERE ${place} > ? ORDER BY ${place} LIMIT ${ROWS_AT_ONCE}`)
const CHANGED = changedAfter('c.place')
const LACKED = changedAfter('-c.place')

/** Marks the pairs of each token that only new blocks show to be one, which earlier blocks hint at. */
function* unproveOfNewTokens(rules: JournalRules, published: number): Work<void> {
  for (const [id, reference, standard] of yield [NEW_TOKENS]) {
    const pairs = yield [HINTED_BEFORE, text(reference), text(standard)]
    yield* planned(
      unproveHinted(
        pairs.map((pair) => hintedPairOf([id, ...pair])),
        rules,
        published,
      ),
    )
  }
}

const NEW_TOKENS =
  rowsOf(`SELECT m.id, m.reference, m.standard FROM (SELECT DISTINCT reference, standard FROM before.hints) h
  JOIN assets m ON m.reference = h.reference AND m.standard = h.standard
  LEFT JOIN before.assets b ON b.reference = h.reference AND b.standard = h.standard
  WHERE m.first_block IS NOT NULL AND b.first_block IS NULL ORDER BY m.id`)
const HINTED_BEFORE = rowsOf(`SELECT standard, account, item FROM before.hints WHERE reference = ? AND standard = ?
  ORDER BY account, item LIMIT ${PAIRS_OF_A_TOKEN}`)

/** Marks the pairs of each token that events of new blocks hint at, the first ones first. */
function* unproveNew(rules: JournalRules, published: number): Work<void> {
  for (const [id, reference, standard] of yield [HINTED_TOKENS, { published }]) {
    const named = { published, reference: text(reference), standard: text(standard) }
    const pairs = yield [HINTED_PAIRS, named]
    yield* planned(
      unproveHinted(
        pairs.map(([account, item]) => hintedPairOf([id, standard, account, item])),
        rules,
      ),
    )
  }
}

/** Hints of new blocks. */
const NEW_HINTS = ['hints WHERE block > @published', 'hinted_again WHERE 1 = 1', 'changed WHERE built > @published']
const HINTED_TOKENS = rowsOf(`SELECT a.id, h.reference, h.standard
  FROM (${NEW_HINTS.map((from) => `SELECT reference, standard FROM ${from}`).join(' UNION ')}) h
  JOIN assets a ON a.reference = h.reference AND a.standard = h.standard WHERE a.first_block IS NOT NULL ORDER BY a.id`)
// Each part is in the order of an index or is cut while it is sorted: a token may have millions of pairs.
const FIRST_ONES = `ORDER BY block, account, item LIMIT ${PAIRS_OF_A_TOKEN}`
const HINTED_PAIRS = rowsOf(
  `SELECT account, item, block FROM (${NEW_HINTS.map((from, at) => {
    const block = from.startsWith('changed') ? 'built AS block' : 'block'
    return `SELECT * FROM (SELECT account, item, ${block} FROM ${from}
      AND reference = @reference AND standard = @standard ${FIRST_ONES}) AS part_${at}`
  }).join(' UNION ')}) AS parts ${FIRST_ONES}`,
)
