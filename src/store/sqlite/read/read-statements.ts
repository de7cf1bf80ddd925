import type { SqliteDatabase, Statement } from '../database.ts'
import { FOLLOWED_COLUMNS } from '../rows/followed-row.ts'

/** The prepared statements of a chain's reads. */
export type ReadStatements = ReturnType<typeof prepareReads>

const PAGE = "SELECT asset, hex(amount) FROM balances WHERE account = ? AND item = x''"
const AS_MET = 'ORDER BY met_block, met_log, met_sub'
const ORDER = `${AS_MET} LIMIT ? + 0 OFFSET ? + 0`
const PAST_ORDER = `${AS_MET} LIMIT @limit + 0 OFFSET @offset + 0`

/** Most rows of an account that `wholeList` reads, those of items too: about 30 µs. */
export const MAX_WHOLE = 100

/**
 * All assets that an account met, in order, as one text: `id hex(amount)` with commas between. Null if there are none, or
 * if the account has more rows than MAX_WHOLE. It reads the account's rows one after the other, where a page
 * looks up each row by the index of the order, and it returns one value instead of two for each row: half the time of a page.
 */
function wholeList(sql: (text: string) => Statement, which: string) {
  const list = `SELECT group_concat(asset || ' ' || hex(amount), ',' ORDER BY met_block, met_log, met_sub)
    FROM balances WHERE account = @account AND length(item) = 0 AND ${which}`
  const more = `SELECT 1 FROM balances WHERE account = @account LIMIT 1 OFFSET ${MAX_WHOLE}`
  return sql(`SELECT CASE WHEN EXISTS (${more}) THEN NULL ELSE (${list}) END`).pluck()
}

/** The assets that an account had met by a block: their count, and a page of their ids. */
function pastPage(sql: (text: string) => Statement, which: string) {
  const dead = 'SELECT asset FROM endings WHERE block <= @asOf AND (again IS NULL OR again > @asOf)'
  const from = `FROM balances WHERE account = @account AND item = x'' AND ${which} AND asset NOT IN (${dead})`
  return { count: sql(`SELECT count(*) ${from}`).pluck(), ids: sql(`SELECT asset ${from} ${PAST_ORDER}`).pluck() }
}

/** The same pages without assets whose contract has no code, and the number of such assets that the account met. */
function presentPage(sql: (text: string) => Statement, which: string) {
  const gone = 'asset IN (SELECT asset FROM endings WHERE again IS NULL)'
  return {
    page: sql(`${PAGE} AND ${which} AND NOT ${gone} ${ORDER}`).raw(),
    gone: sql(`SELECT count(*) FROM balances WHERE account = ? AND item = x'' AND ${which} AND ${gone}`).pluck(),
  }
}

/** Prepares the statements of a chain's read side. */
export function prepareReads(db: SqliteDatabase) {
  const sql = (text: string): Statement => db.prepare(text)
  return {
    amount: sql('SELECT hex(amount) FROM balances WHERE account = ? AND asset = ? AND item = ?').pluck(),
    position: sql(
      'SELECT last_block, opening, met_block FROM balances WHERE account = ? AND asset = ? AND item = ?',
    ).raw(),
    isRefuted: sql('SELECT 1 FROM refuted_pairs WHERE asset = ? AND account = ? AND item = ?').pluck(),
    closedOf: sql('SELECT 1 FROM doubts WHERE asset = ? LIMIT 1').pluck(),
    refutedOf: sql('SELECT 1 FROM refuted_pairs WHERE asset = ? LIMIT 1').pluck(),
    // Finds a refuted balance that has no row: the account's list may lack this asset.
    lacksRow: sql(
      `SELECT 1 FROM refuted_pairs r WHERE account = ? AND NOT EXISTS
       (SELECT 1 FROM balances b WHERE b.account = r.account AND b.asset = r.asset AND b.item = r.item) LIMIT 1`,
    ).pluck(),
    since: sql(
      'SELECT since FROM openings WHERE account = ? AND asset = ? AND item = ? ORDER BY block DESC LIMIT 1',
    ).pluck(),
    hashAt: sql('SELECT hash FROM blocks WHERE number = ?').pluck(),
    // The child block itself, or the last earlier block whose hash is stored.
    childAt: sql('SELECT timestamp FROM blocks WHERE number <= ? ORDER BY number DESC LIMIT 1').pluck(),
    blockAt: sql('SELECT hash, timestamp FROM blocks WHERE number = ?').raw(),
    changeAt: sql(
      `SELECT sum FROM changes WHERE account = ? AND asset = ? AND item = ? AND block <= ?
       ORDER BY block DESC, log DESC, sub DESC LIMIT 1`,
    ).raw(),
    count: {
      received: sql('SELECT received FROM accounts WHERE account = ?').pluck(),
      fungible: sql("SELECT count(*) FROM balances WHERE account = ? AND item = x'' AND fungible = 1").pluck(),
      all: sql('SELECT assets FROM accounts WHERE account = ?').pluck(),
    },
    whole: {
      received: wholeList(sql, 'fungible = 1 AND received_block IS NOT NULL'),
      fungible: wholeList(sql, 'fungible = 1'),
      all: wholeList(sql, 'true'),
    },
    page: {
      received: sql(`${PAGE} AND fungible = 1 AND received_block IS NOT NULL ${ORDER}`).raw(),
      fungible: sql(`${PAGE} AND fungible = 1 ${ORDER}`).raw(),
      all: sql(`${PAGE} ${ORDER}`).raw(),
    },
    hasEndings: sql('SELECT 1 FROM endings LIMIT 1').pluck(),
    present: {
      received: presentPage(sql, 'fungible = 1 AND received_block IS NOT NULL'),
      fungible: presentPage(sql, 'fungible = 1'),
      all: presentPage(sql, 'true'),
    },
    past: {
      received: pastPage(sql, 'fungible = 1 AND received_block <= @asOf'),
      fungible: pastPage(sql, 'fungible = 1 AND met_block <= @asOf'),
      all: pastPage(sql, 'met_block <= @asOf'),
    },
    metPosition: sql(
      `SELECT asset, hex(amount), met_block, met_log, met_sub, received_block FROM balances
       WHERE account = ? AND asset = ? AND item = x''`,
    ).raw(),
    // Transfers of the account may be missing that no lead reveals.
    lacksTokens: sql('SELECT 1 FROM followed WHERE account = ? AND known_through < (SELECT number FROM clock)').pluck(),
    followed: sql(`SELECT ${FOLLOWED_COLUMNS} FROM followed ORDER BY account`).raw(),
    holderCount: sql('SELECT holders FROM assets WHERE id = ?').pluck(),
    holders: sql(
      `SELECT account, hex(amount) FROM balances WHERE asset = ? AND item = x'' AND amount > x'80'
       ORDER BY amount DESC, account LIMIT ? + 0 OFFSET ? + 0`,
    ).raw(),
  }
}
